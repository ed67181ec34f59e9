/**
 * One storage transaction in the making: records read from storage, changed by deliveries, and turned into writes at
 * the end. Later changes of a turn see earlier ones; storage sees all of them or none.
 */
import { utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { type GroupBody, type GroupStem, versionOf } from '../../keyspace/group-body.js';
import {
  applyTwin,
  applyVersion,
  decodeRecord,
  encodeRecord,
  isForgettable,
  isLive,
  type KeyRecord,
  NO_VERSIONS,
} from '../../keyspace/key-record.js';
import { decodeRetryEntry, encodeRetryEntry, judgeRetry, type RetryEntry } from '../../keyspace/retry-entry.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import { guardCorruption } from '../stored-state.js';

interface Slot {
  readonly wasLive: boolean;
  record: KeyRecord;
  changed: boolean;
}

export class KeyspaceTurn {
  readonly #storage: StorageReader;
  readonly #slots = new Map<string, Slot>();
  readonly #retries = new Map<string, RetryEntry>();
  readonly #forgottenRetries = new Set<string>();

  constructor(storage: StorageReader) {
    this.#storage = storage;
  }

  record(key: string): KeyRecord {
    return this.#slot(key).record;
  }

  put(key: string, record: KeyRecord): void {
    const slot = this.#slot(key);
    if (slot.record === record) return;
    slot.record = record;
    slot.changed = true;
  }

  /** The outcome kept under an Idempotency-Key, unless it is older than the window. */
  retry(key: string, nowMs: number): RetryEntry | undefined {
    const entry = this.#retry(key);
    return entry === undefined || nowMs - entry.hlc.ms > LIMITS.idempotencyWindowMs ? undefined : entry;
  }

  /** Apply one delivered group. */
  deliver(group: GroupStem, body: GroupBody): void {
    const verdict = body.retry && judgeRetry(this.#retry(body.retry.key), body.retry.fingerprint, group);
    if (body.retry !== undefined && verdict !== undefined && verdict.kind !== 'known') {
      this.#retries.set(body.retry.key, verdict.entry);
      this.#forgottenRetries.delete(body.retry.key);
    }
    for (const op of body.ops) {
      const version = versionOf(op, group);
      const record = this.record(op.key);
      this.put(
        op.key,
        verdict?.kind === 'twin' ? applyTwin(record, version, verdict.twins) : applyVersion(record, version),
      );
    }
  }

  /** Forget the key if nothing but tombstones covered by `stable` is left of it. */
  forgetIfStable(key: string, stable: VersionVector): void {
    const record = this.record(key);
    if (record.length > 0 && isForgettable(record, stable)) this.put(key, NO_VERSIONS);
  }

  /** Drop the outcome kept under an Idempotency-Key, unless this turn has renewed it. */
  forgetRetry(key: string): void {
    if (!this.#retries.has(key)) this.#forgottenRetries.add(key);
  }

  /** What this turn changes, and by how much the number of live keys. */
  finish(): { readonly writes: StorageWrite[]; readonly liveKeysDelta: number } {
    const writes: StorageWrite[] = [];
    let liveKeysDelta = 0;
    for (const [key, slot] of this.#slots) {
      if (!slot.changed) continue;
      liveKeysDelta += Number(isLive(slot.record)) - Number(slot.wasLive);
      const keyBytes = utf8Encode(key);
      writes.push(
        slot.record.length === 0
          ? { kind: 'delete', table: 'keyspace', key: keyBytes }
          : { kind: 'put', table: 'keyspace', key: keyBytes, value: encodeRecord(slot.record) },
      );
    }
    for (const [key, entry] of this.#retries) {
      writes.push({ kind: 'put', table: 'retries', key: utf8Encode(key), value: encodeRetryEntry(entry) });
    }
    for (const key of this.#forgottenRetries) writes.push({ kind: 'delete', table: 'retries', key: utf8Encode(key) });
    return { writes, liveKeysDelta };
  }

  #slot(key: string): Slot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const record = readRecord(this.#storage, utf8Encode(key));
    const slot = { record, wasLive: isLive(record), changed: false };
    this.#slots.set(key, slot);
    return slot;
  }

  #retry(key: string): RetryEntry | undefined {
    const pending = this.#retries.get(key);
    if (pending !== undefined) return pending;
    const stored = this.#storage.get('retries', utf8Encode(key));
    return stored && guardCorruption('retry entry', () => decodeRetryEntry(stored));
  }
}

/** The stored record of a key; empty if there is none. */
export function readRecord(reader: StorageReader, key: Uint8Array): KeyRecord {
  const stored = reader.get('keyspace', key);
  return stored === undefined ? NO_VERSIONS : guardCorruption('record', () => decodeRecord(stored));
}
