/**
 * One storage transaction in the making: records read from storage, changed by deliveries, and turned into writes at
 * the end. Later changes of a turn see earlier ones; storage sees all of them or none.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { StateReader } from '../../base/state-table.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { type GroupBody, type GroupStem, type RetryName, versionOf } from '../../keyspace/group-body.js';
import {
  applyTwin,
  applyVersion,
  decodeRecord,
  isForgettable,
  type KeyRecord,
  NO_VERSIONS,
} from '../../keyspace/key-record.js';
import { mayForget } from '../../keyspace/ordered/adoption.js';
import { readOrdered } from '../../keyspace/ordered/state-keys.js';
import {
  decodeRetryEntry,
  encodeRetryEntry,
  judgeRetry,
  type RetryEntry,
  retryTableKey,
  retryTableRange,
} from '../../keyspace/retry-entry.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import { RememberedRows } from '../remembered-rows.js';
import { guardCorruption } from '../stored-state.js';
import { RecordSlot } from './record-slot.js';

/** A change of the outcome of one request; `undefined` forgets it. */
interface RetryChange {
  readonly tableKey: Uint8Array;
  readonly entry: RetryEntry | undefined;
}

export class KeyspaceTurn {
  readonly #storage: StorageReader;
  readonly #ordered: StateReader | undefined;
  readonly #recent: RememberedRows;
  readonly #slots = new Map<string, RecordSlot>();
  /** By table key, as text. */
  readonly #retries = new Map<string, RetryChange>();

  /**
   * `ordered` is the state of the total order after this transaction, if there is one. `recent` remembers, by their keys,
   * the records that turns before this one read and wrote: all turns of one storage share it, one begins when the one
   * before is stored, and nobody else writes records.
   */
  constructor(storage: StorageReader, ordered?: StateReader, recent = new RememberedRows()) {
    this.#storage = storage;
    this.#ordered = ordered;
    this.#recent = recent;
  }

  record(key: string): KeyRecord {
    return this.#slot(key).record;
  }

  /** As `record`, but from storage, unless this turn has changed it: for the audit, which finds out what disks have lost. */
  recordReread(key: string): KeyRecord {
    if (this.#slots.get(key)?.changed !== true) {
      this.#slots.delete(key);
      this.#recent.forget(key);
    }
    return this.record(key);
  }

  put(key: string, record: KeyRecord): void {
    this.#slot(key).put(record);
  }

  /**
   * The outcome of the request, or else of another that carried its Idempotency-Key, unless it is older than the window.
   */
  retry(name: RetryName, nowMs: number): RetryEntry | undefined {
    const isKept = (entry: RetryEntry) => nowMs - entry.hlc.ms <= LIMITS.idempotencyWindowMs;
    const same = this.#retry(retryTableKey(name));
    if (same !== undefined && isKept(same)) return same;
    for (const { value } of this.#storage.range('retries', retryTableRange(name.key))) {
      const other = guardCorruption('retry entry', () => decodeRetryEntry(value));
      if (other.fingerprint !== name.fingerprint && isKept(other)) return other;
    }
    return undefined;
  }

  /** Apply one delivered group. */
  deliver(group: GroupStem, body: GroupBody): void {
    const tableKey = body.retry && retryTableKey(body.retry);
    const verdict = body.retry && tableKey && judgeRetry(this.#retry(tableKey), body.retry.fingerprint, group);
    if (tableKey !== undefined && verdict !== undefined && verdict.kind !== 'known') {
      this.#retries.set(utf8Decode(tableKey), { tableKey, entry: verdict.entry });
    }
    for (const op of body.ops) {
      const slot = this.#slot(op.key);
      if (op.record !== undefined && slot.succeed(op.record, group.deps)) continue;
      const version = versionOf(op, op.seen, group);
      const { record } = slot;
      slot.put(verdict?.kind === 'twin' ? applyTwin(record, version, verdict.twins) : applyVersion(record, version));
    }
  }

  /**
   * Forget the key if nothing but tombstones covered by `stable` is left of it, and the ordered view will not bring back
   * what they delete.
   */
  forgetIfStable(key: string, stable: VersionVector): void {
    const record = this.record(key);
    if (record.length > 0 && this.#mayForget(key, record, stable)) this.put(key, NO_VERSIONS);
  }

  /** Drop the outcome stored under `tableKey`, unless this turn has renewed it. */
  forgetRetry(tableKey: Uint8Array): void {
    const name = utf8Decode(tableKey);
    if (!this.#retries.has(name)) this.#retries.set(name, { tableKey, entry: undefined });
  }

  /** What this turn changes, and by how much the number of live keys. */
  finish(): { readonly writes: StorageWrite[]; readonly liveKeysDelta: number } {
    const writes: StorageWrite[] = [];
    let liveKeysDelta = 0;
    for (const [name, slot] of this.#slots) {
      if (!slot.changed) continue;
      liveKeysDelta += slot.liveDelta;
      const { keyBytes: key, row } = slot;
      this.#recent.note(name, row);
      writes.push(
        row === undefined
          ? { kind: 'delete', table: 'keyspace', key }
          : { kind: 'put', table: 'keyspace', key, value: row },
      );
    }
    for (const { tableKey: key, entry } of this.#retries.values()) {
      writes.push(
        entry === undefined
          ? { kind: 'delete', table: 'retries', key }
          : { kind: 'put', table: 'retries', key, value: encodeRetryEntry(entry) },
      );
    }
    return { writes, liveKeysDelta };
  }

  #mayForget(key: string, record: KeyRecord, stable: VersionVector): boolean {
    const ordered = this.#ordered;
    if (ordered === undefined || !isForgettable(record, stable)) return isForgettable(record, stable);
    return guardCorruption('ordered record', () => mayForget(record, readOrdered(ordered, key), { stable, at: 0 }));
  }

  #slot(key: string): RecordSlot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const keyBytes = utf8Encode(key);
    const slot = new RecordSlot(keyBytes, this.#recent.recall(key, keyBytes, this.#read));
    this.#slots.set(key, slot);
    return slot;
  }

  readonly #read = (key: Uint8Array): Uint8Array | undefined => this.#storage.get('keyspace', key);

  #retry(tableKey: Uint8Array): RetryEntry | undefined {
    const pending = this.#retries.get(utf8Decode(tableKey));
    if (pending !== undefined) return pending.entry;
    const stored = this.#storage.get('retries', tableKey);
    return stored && guardCorruption('retry entry', () => decodeRetryEntry(stored));
  }
}

/** The stored record of a key; empty if there is none. */
export function readRecord(reader: StorageReader, key: Uint8Array): KeyRecord {
  const stored = reader.get('keyspace', key);
  return stored === undefined ? NO_VERSIONS : guardCorruption('record', () => decodeRecord(stored));
}
