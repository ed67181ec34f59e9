/** Where each coordination object lies in the state table, all in one area that no weaker write can reach. */
import { ByteWriter, utf8Decode, utf8Encode } from '../base/bytes.js';
import { prefixEnd, STATE_AREAS } from '../base/state-table.js';

/** Second byte of a key. */
export const OBJECTS = { sequence: 1, claim: 2, lock: 3, election: 4, catalog: 5, unique: 6 } as const;

/** A lock, or an election: a lock whose fencing token is the term. Their names are apart. */
export type LockSpace = 'lock' | 'election';
export const LOCK_SPACES = ['lock', 'election'] as const satisfies readonly LockSpace[];

export function sequenceKey(name: string): Uint8Array {
  return stem(OBJECTS.sequence).raw(utf8Encode(name)).finish();
}

export function claimKey(namespace: string, value: string): Uint8Array {
  return stem(OBJECTS.claim).string(namespace).raw(utf8Encode(value)).finish();
}

export function lockKey(space: LockSpace, name: string): Uint8Array {
  return stem(OBJECTS[space]).raw(utf8Encode(name)).finish();
}

/** What `lockKey` made the key of; undefined if it is the key of something else. */
export function lockOfKey(key: Uint8Array): { readonly space: LockSpace; readonly name: string } | undefined {
  if (key[0] !== STATE_AREAS.coordination) return undefined;
  const space = LOCK_SPACES.find((one) => OBJECTS[one] === key[1]);
  return space && { space, name: utf8Decode(key.subarray(2)) };
}

/** Where all locks of a space lie. */
export function lockRange(space: LockSpace): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const gte = stem(OBJECTS[space]).finish();
  return { gte, lt: prefixEnd(gte) };
}

/** All declared constraints together: every write looks at them, and there are few. */
export const CATALOG_KEY = stem(OBJECTS.catalog).finish();

/** Holder of `value` under the constraint declared by the entry at `generation`. */
export function uniqueKey(generation: number, value: string): Uint8Array {
  return uniqueStem(generation).raw(utf8Encode(value)).finish();
}

export function uniqueRange(generation: number): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const gte = uniqueStem(generation).finish();
  return { gte, lt: prefixEnd(gte) };
}

function uniqueStem(generation: number): ByteWriter {
  return stem(OBJECTS.unique)
    .u32(Math.floor(generation / 2 ** 32))
    .u32(generation % 2 ** 32);
}

function stem(object: number): ByteWriter {
  return new ByteWriter(48).u8(STATE_AREAS.coordination).u8(object);
}
