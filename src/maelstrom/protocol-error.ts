/** The errors of Maelstrom's protocol, and which of them a failure of a replica is. Source: its `resources/errors.edn`. */
import type { CausewayError } from '../base/errors.js';

/** `definite`: the operation did not happen and never will. All others may have happened. */
export const PROTOCOL_ERRORS = {
  timeout: { code: 0, definite: false },
  'not-supported': { code: 10, definite: true },
  'temporarily-unavailable': { code: 11, definite: true },
  'malformed-request': { code: 12, definite: true },
  crash: { code: 13, definite: false },
  abort: { code: 14, definite: true },
  'key-does-not-exist': { code: 20, definite: true },
  'precondition-failed': { code: 22, definite: true },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly definite: boolean }>>;

export type ProtocolErrorName = keyof typeof PROTOCOL_ERRORS;

/** What a client is told instead of a result. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly error: ProtocolErrorName;

  constructor(error: ProtocolErrorName, text: string) {
    super(text);
    this.error = error;
  }
}

export function protocolErrorOf(error: CausewayError): ProtocolError {
  return new ProtocolError(nameOf(error), `${error.code}: ${error.message}`);
}

/** A definite error is only said of what was certainly not applied. Nothing is certain when a process has to end. */
function nameOf({ code, entry: { outcome, retryable, status } }: CausewayError): ProtocolErrorName {
  if (code === 'outcome-unknown') return 'timeout';
  if (outcome === 'unknown' || status === 0) return 'crash';
  if (code === 'level-not-offered') return 'not-supported';
  if (retryable) return 'temporarily-unavailable';
  if (status === 400 || status === 413) return 'malformed-request';
  return status === 412 ? 'precondition-failed' : 'abort';
}
