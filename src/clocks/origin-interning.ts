/**
 * From the bytes of an origin to its one string object, without building a string first. Vectors are read for every
 * version and every message and name the same few origins again and again; this is what makes reading them cheap.
 */
import { utf8Decode } from '../base/bytes.js';
import { type Origin, parseOrigin } from '../base/ids.js';

/** A power of two, far above the number of origins of a cluster. Two that share a slot only cost time. */
const SLOTS = 1024;
const slots: (Origin | undefined)[] = new Array<Origin | undefined>(SLOTS).fill(undefined);

/** The origin that `bytes` spell, or `undefined` if they spell none. @throws DecodeError if they are not UTF-8. */
export function internOrigin(bytes: Uint8Array): Origin | undefined {
  const slot = hash(bytes) & (SLOTS - 1);
  const known = slots[slot];
  if (known !== undefined && spells(bytes, known)) return known;
  const origin = parseOrigin(utf8Decode(bytes));
  if (origin !== undefined) slots[slot] = origin;
  return origin;
}

function hash(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (let i = 0; i < bytes.length; i += 1) sum = (Math.imul(sum, 31) + (bytes[i] as number)) | 0;
  return sum ^ (sum >>> 15);
}

function spells(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
