/** `Fencing-Token: <lock>=<n>`: the write goes ahead only while the lock is held under that token. */
import { DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { WriteRequest } from '../replica/request-types.js';
import { checkName } from './names.js';
import { percentDecode } from './percent.js';
import { quoted, refuse } from './refuse.js';

export type Fences = NonNullable<WriteRequest['fences']>;

const NUMBER = /^[1-9]\d{0,15}$/;

/**
 * The fences of a header, separated by commas. Names of locks are percent-encoded where they hold anything but visible
 * ASCII, or a comma or a percent sign; the last `=` is the one that separates.
 *
 * @throws CausewayError `invalid-request`
 */
export function parseFences(text: string): Fences {
  const items = text.split(',');
  if (items.length > LIMITS.fencesMax) {
    return refuse(`Fencing-Token names ${items.length} locks; a write may name ${LIMITS.fencesMax}.`);
  }
  const fences = items.map((item) => parseFence(item.trim()));
  const locks = new Set(fences.map(({ lock }) => lock));
  return locks.size === fences.length ? fences : refuse('Fencing-Token names a lock twice.');
}

function parseFence(item: string): Fences[number] {
  const at = item.lastIndexOf('=');
  const digits = item.slice(at + 1);
  const token = Number(digits);
  if (at < 1 || !NUMBER.test(digits) || !Number.isSafeInteger(token)) {
    return refuse(`Fencing-Token is <lock>=<n> with n from 1, not ${quoted(item)}.`);
  }
  return { lock: lockName(item.slice(0, at)), token };
}

function lockName(encoded: string): string {
  const where = 'The name of the lock in Fencing-Token';
  try {
    return checkName(percentDecode(encoded), where);
  } catch (error) {
    if (error instanceof DecodeError) return refuse(`${where} is not percent-encoded UTF-8: ${error.message}.`);
    throw error;
  }
}
