/** Refusing what a request says, in one sentence for its author. */
import { CausewayError } from '../base/errors.js';

/** @throws CausewayError `invalid-request`, always. */
export function refuse(detail: string): never {
  throw new CausewayError('invalid-request', detail);
}

/** Text of a request as part of a sentence: quoted, and cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 40)}…`);
}
