/** Origins as the one string object of each: see `base/interning.ts`. */

import { type Origin, parseOrigin } from '../base/ids.js';
import { Interning } from '../base/interning.js';

const origins = new Interning<Origin>(parseOrigin);

/** The origin that bytes `[start, end)` spell, or undefined if they spell none. @throws DecodeError if they are not UTF-8. */
export function internOrigin(bytes: Uint8Array, start: number, end: number): Origin | undefined {
  return origins.of(bytes, start, end);
}
