/** JSON in and out: bodies checked against a schema, answers. */
import { DecodeError, utf8Decode } from '../base/bytes.js';
import type { Answer } from './exchange.js';
import { refuse } from './refuse.js';
import type { Checked } from './validate.js';

/** The value of a JSON body. @throws CausewayError `invalid-request` */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch (error) {
    return refuse(error instanceof DecodeError ? 'The body is not UTF-8.' : 'The body is not JSON.');
  }
}

/** `body` if `check` finds it valid. @throws CausewayError `invalid-request` that says what is not */
export function checkedBody<T>(check: (value: unknown) => Checked<T>, body: unknown): T {
  const checked = check(body);
  return checked.kind === 'valid' ? checked.value : refuse(`The body is not what this route takes: ${checked.reason}.`);
}

/** An answer with `body`, which no cache may keep unasked; `extraHeaders` are names and values in turn. */
export function jsonAnswer(body: unknown, status = 200, extraHeaders: readonly string[] = []): Answer {
  const headers = ['Content-Type', 'application/json', 'Cache-Control', 'no-cache', ...extraHeaders];
  return { status, headers, body: JSON.stringify(body) };
}
