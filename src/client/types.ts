/** What callers hand to the client and get back: shapes only, no behaviour. Names follow the HTTP contract. */

export type Level = 'eventual' | 'causal' | 'linearizable';
export type Durability = 'local' | 'majority' | 'all';

/** How a call that failed is tried again. Every number bounds one logical call. */
export interface RetryOptions {
  /** Requests of one call, the first included. Default 10. */
  readonly attempts?: number | undefined;
  /** The longest pause before the second request; doubles with each further one. Default 50. */
  readonly baseDelayMs?: number | undefined;
  /** No pause by backoff is longer than this; `Retry-After` may ask for more. Default 2,000. */
  readonly maxDelayMs?: number | undefined;
}

export interface ClientOptions {
  /** Base URLs of replicas in order of preference. The first is asked as long as it answers. */
  readonly urls: readonly string[];
  /** Level of calls that name none. Default `causal`. */
  readonly level?: Level | undefined;
  /** A call, its retries included, ends within this. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** One request to one replica ends within this; then the call moves on. Default 5,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Bearer token for replicas that run with `--auth-tokens`. Not a causal token: those belong to sessions. */
  readonly token?: string | undefined;
  readonly retry?: RetryOptions | false | undefined;
  /** `auto` (default) gives each write an `Idempotency-Key` of its own, so that it can be retried safely. */
  readonly idempotency?: 'auto' | 'off' | undefined;
  /** A response body longer than this is refused. Default 64 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface CallOptions {
  readonly level?: Level | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Ask this replica and no other. */
  readonly url?: string | undefined;
}

/** Of what goes through the total order whatever the caller's level is. */
export interface CoordinationOptions extends Omit<CallOptions, 'level'> {
  /** A key of the caller's choice; makes the request retriable even where `idempotency` is off. */
  readonly idempotencyKey?: string | undefined;
}

/** A lock, or what names one and a token of it. */
export interface Fence {
  readonly name: string;
  readonly fencingToken: number;
}

export interface WriteOptions extends CoordinationOptions {
  readonly level?: Level | undefined;
  /** What the write waits for; at `linearizable` it always is a majority. */
  readonly durability?: Durability | undefined;
  /** Locks that have to be held under these tokens, else the write is refused with `fenced`. */
  readonly fences?: readonly Fence[] | undefined;
}

export interface ConditionalWriteOptions extends WriteOptions {
  /** Write only if the key still has this etag. Needs level `linearizable`. */
  readonly ifMatch?: string | undefined;
}

export interface PutOptions extends ConditionalWriteOptions {
  readonly contentType?: string | undefined;
  /** Write only if the key does not exist. Needs level `linearizable`. */
  readonly ifNoneMatch?: '*' | undefined;
}

/**
 * Strings are stored as `text/plain`, bytes as `application/octet-stream`, everything else as JSON; `contentType` in
 * the options has the last word.
 */
export type Value = string | Uint8Array | object | number | boolean | null;

/** What every answer says about itself. */
export interface Answer {
  /** The level that was served. */
  readonly level: Level | undefined;
  /** Causal token: what was sent joined with what the answer depended on. */
  readonly token: string | undefined;
  /** The replica that answered. */
  readonly servedBy: string | undefined;
  /** Milliseconds by stage as the replica measured them: `wait`, `log`, `store`, `total`. */
  readonly timing: Readonly<Record<string, number>>;
}

/** A value with the means to read it. */
export interface Content {
  readonly value: Uint8Array;
  readonly contentType: string;
  text(): string;
  /** @throws SyntaxError if the value is not JSON. */
  json(): unknown;
}

export interface FoundValue extends Answer, Content {
  readonly found: true;
  readonly key: string;
  readonly etag: string;
  /** How many concurrent siblings the key has besides this value. */
  readonly conflicts: number;
  /** Hybrid logical clock stamp of the write, `<ms>.<logical>`; for people, it decides nothing. */
  readonly timestamp: string;
}

export interface NotFound extends Answer {
  readonly found: false;
  readonly key: string;
}

export type GetResult = FoundValue | NotFound;

/** One version of a key. A sibling may be a delete; then it has no value. */
export interface Sibling {
  readonly kind: 'value' | 'tombstone';
  readonly etag: string;
  readonly timestamp: string;
  readonly content: Content | undefined;
}

export interface Entry extends Content {
  readonly key: string;
  readonly etag: string;
  readonly timestamp: string;
  readonly siblings: readonly Sibling[];
}

export interface FoundEntry extends Answer, Entry {
  readonly found: true;
}

export type EntryResult = FoundEntry | NotFound;

export interface ListOptions extends CallOptions {
  readonly prefix?: string | undefined;
  /** Exclusive: the page starts behind this key. */
  readonly after?: string | undefined;
  /** 1 to 1,000 entries; default 100. */
  readonly limit?: number | undefined;
}

export interface ScanOptions extends CallOptions {
  readonly after?: string | undefined;
  /** Entries fetched at a time. */
  readonly pageSize?: number | undefined;
}

export interface Page extends Answer {
  readonly items: readonly Entry[];
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

/** Keys of one storage snapshot; a key that does not exist is absent from the map. */
export interface ManyResult extends Answer {
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface WriteReceipt extends Answer {
  /** What was reached, not what was asked for. */
  readonly durability: Durability | undefined;
  readonly replica: string | undefined;
  readonly timestamp: string | undefined;
}

export interface KeyReceipt extends WriteReceipt {
  readonly key: string;
  readonly etag: string;
  /** True when `ifNoneMatch: '*'` created the key. */
  readonly created: boolean;
}

export interface BatchReceipt extends WriteReceipt {
  /** One for each op, in order. */
  readonly results: readonly { readonly key: string; readonly etag: string }[];
}

export type BatchOp =
  | { readonly put: string; readonly value: Value; readonly contentType?: string }
  | { readonly delete: string };
