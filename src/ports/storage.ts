/**
 * The storage port: named tables of byte keys in unsigned byte order, read by snapshot, written by atomic batches.
 * It knows nothing of what the bytes mean.
 */

/**
 * Tables of one replica's environment; an adapter creates them all on open. The state of the total order has two, of
 * which one is in use: a copy taken over from a peer is written to the other.
 */
export const TABLES = ['meta', 'keyspace', 'operations', 'retries', 'ordered', 'ordered-b', 'log'] as const;
export type Table = (typeof TABLES)[number];

/** A key has 1 to this many bytes (what LMDB takes with pages of 4 KiB); a bound of a range at most as many. */
export const STORAGE_KEY_MAX_BYTES = 1_978;
/** A value has 0 to this many bytes: room for a record with a large sibling of every member and then some. */
export const STORAGE_VALUE_MAX_BYTES = 48 * 1024 * 1024;

export type StorageWrite =
  | { readonly kind: 'put'; readonly table: Table; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly table: Table; readonly key: Uint8Array }
  /** Delete every key in `[gte, lt)`. */
  | { readonly kind: 'delete-range'; readonly table: Table; readonly gte: Uint8Array; readonly lt: Uint8Array };

/** Half-open, `[gte, lt)`; an absent bound is open. */
export interface StorageRange {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  /** From the greatest key down. */
  readonly reverse?: boolean;
}

export interface StorageEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Reads. Returned bytes are the caller's to keep, not to write into: they never change after the call, whatever is
 * written later, and their `buffer` may be larger than they are.
 */
export interface StorageReader {
  get(table: Table, key: Uint8Array): Uint8Array | undefined;
  /** Lazily, in key order. The caller iterates within one turn of the event loop, or reads from a `snapshot()`. */
  range(table: Table, range: StorageRange): Iterable<StorageEntry>;
  /** Entries in `table`; takes no longer for many, unless they were written a moment ago. */
  count(table: Table): number;
}

/** One consistent state, unaffected by later commits. The holder closes it soon: it keeps old pages alive. */
export interface StorageSnapshot extends StorageReader {
  close(): void;
}

/**
 * Duties of an adapter: `commit` is atomic, and its promise settles only when the batch is durable (flushed to the
 * device); reads see a batch from the moment its promise settles and not earlier, so nothing that a power cut can take
 * back is ever shown; commits take effect in call order, and the writes of one commit in theirs. A failed commit
 * rejects with `storage-failed`, and every later call throws (a later commit rejects) the same error: the caller must
 * end the process, never retry.
 * Duties of a caller: bytes handed over are not changed afterwards; a `delete-range` covers what one turn of the event
 * loop can afford to list; no call after `close`.
 */
export interface Storage extends StorageReader {
  commit(writes: readonly StorageWrite[]): Promise<void>;
  /** A reader whose calls all see one state. */
  snapshot(): StorageSnapshot;
  /** Bytes used on disk (0 in memory). */
  sizeBytes(): number;
  /** Waits for what was committed, then releases the environment. */
  close(): Promise<void>;
}
