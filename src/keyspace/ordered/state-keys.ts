/** Where the ordered state machine keeps what: the keys of its areas in the one state table. */
import { ByteReader, ByteWriter, DecodeError, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { prefixEnd, STATE_AREAS, type StateReader } from '../../base/state-table.js';
import { decodeRecord, type KeyRecord, NO_VERSIONS } from '../key-record.js';

/** The ordered view's record of `key`; encoded as those of the causal view are. */
export function recordKey(key: string): Uint8Array {
  return prefixed(STATE_AREAS.records, utf8Encode(key));
}

/** Where the records of all keys that begin with `prefix` lie, in key order. */
export function recordRange(prefix: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const gte = recordKey(prefix);
  return { gte, lt: prefixEnd(gte) };
}

/** The key whose record lies under `stateKey`. */
export function keyOfRecord(stateKey: Uint8Array): string {
  return utf8Decode(stateKey.subarray(1));
}

export function retryKey(idempotencyKey: string): Uint8Array {
  return prefixed(STATE_AREAS.retries, utf8Encode(idempotencyKey));
}

/** Which request's outcome was stored by the entry at `index`. */
export function retryQueueKey(index: number): Uint8Array {
  return new ByteWriter(9)
    .u8(STATE_AREAS.retryQueue)
    .u32(Math.floor(index / 2 ** 32))
    .u32(index % 2 ** 32)
    .finish();
}

/** @throws DecodeError if it is no such key. */
export function indexOfRetryQueue(stateKey: Uint8Array): number {
  const reader = new ByteReader(stateKey.subarray(1));
  const index = reader.u32() * 2 ** 32 + reader.u32();
  reader.end();
  if (!Number.isSafeInteger(index)) throw new DecodeError('index out of range');
  return index;
}

export const PROGRESS_KEY = Uint8Array.of(STATE_AREAS.progress, 1);
export const FORGOTTEN_KEY = Uint8Array.of(STATE_AREAS.progress, 0);

/** The ordered view of `key`; empty if it knows nothing of it. @throws DecodeError if what is stored is damaged */
export function readOrdered(state: StateReader, key: string): KeyRecord {
  const stored = state.get(recordKey(key));
  return stored === undefined ? NO_VERSIONS : decodeRecord(stored);
}

function prefixed(area: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(rest.length + 1);
  key[0] = area;
  key.set(rest, 1);
  return key;
}
