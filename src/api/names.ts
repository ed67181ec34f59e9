/** Names of coordination objects and their owners: in a path percent-encoded, in JSON as strings. */
import { DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Exchange } from './exchange.js';
import { checkEncodable } from './keys.js';
import { percentDecode } from './percent.js';
import { refuse } from './refuse.js';
import { pathOf } from './request-target.js';

/** Paths begin `/v1/<kind>/`, which makes the first name this part between slashes. */
const FIRST_NAME = 3;

/**
 * The name in the path that `place` others precede, decoded as keys are. `what` says what it names.
 *
 * @throws CausewayError `invalid-request`
 */
export function pathName(
  exchange: Exchange,
  place: 0 | 1,
  what: string,
  maxBytes: number = LIMITS.coordinationNameMaxBytes,
): string {
  const encoded = pathOf(exchange.request.originalUrl).split('/')[FIRST_NAME + place] ?? '';
  try {
    return checkName(percentDecode(encoded), what, maxBytes);
  } catch (error) {
    if (error instanceof DecodeError) return refuse(`${what} is not percent-encoded UTF-8: ${error.message}.`);
    throw error;
  }
}

/** `name` if it is one. @throws CausewayError `invalid-request` */
export function checkName(name: string, what: string, maxBytes: number = LIMITS.coordinationNameMaxBytes): string {
  const byteLength = Buffer.byteLength(name);
  if (byteLength === 0 || byteLength > maxBytes) {
    return refuse(`${what} has ${byteLength} bytes; it may have 1 to ${maxBytes}.`);
  }
  return checkEncodable(name, what);
}
