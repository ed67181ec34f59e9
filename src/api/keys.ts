/** Keys as they enter over HTTP: 1 to 511 bytes of UTF-8, in a URL percent-encoded, in JSON as a string. */
import { DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { percentDecode } from './percent.js';
import { refuse } from './refuse.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The key that part of a URL names. @throws CausewayError `invalid-request` if it names none. */
export function decodeKey(encoded: string): string {
  try {
    return checkKey(percentDecode(encoded));
  } catch (error) {
    if (error instanceof DecodeError) return refuse(`The key is not percent-encoded UTF-8: ${error.message}.`);
    throw error;
  }
}

/** `key` if it is one. `where` names its place in the request. @throws CausewayError `invalid-request` */
export function checkKey(key: string, where = 'The key'): string {
  if (key === '') return refuse(`${where} is empty; keys have 1 to ${LIMITS.keyMaxBytes} bytes.`);
  // A character has at least one byte, so that most keys need no counting.
  if (key.length * 3 > LIMITS.keyMaxBytes) {
    const byteLength = Buffer.byteLength(key);
    if (byteLength > LIMITS.keyMaxBytes) {
      return refuse(`${where} has ${byteLength} bytes; keys have 1 to ${LIMITS.keyMaxBytes}.`);
    }
  }
  return key;
}

/** `text` if UTF-8 can carry it: JSON strings may hold half a character. @throws CausewayError `invalid-request` */
export function checkEncodable(text: string, where: string): string {
  return LONE_SURROGATE.test(text) ? refuse(`${where} holds a lone surrogate, which has no UTF-8 form.`) : text;
}
