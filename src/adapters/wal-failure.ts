/** What goes wrong with the files of a log, in the words of the error registry. */
import { InvariantError } from '../base/assert.js';
import { CausewayError } from '../base/errors.js';

const NO_PERMISSION: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS'];

export function logOpenFailure(error: unknown): Error {
  if (isNamed(error)) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const what = `The log cannot be opened: ${reasonOf(error)}.`;
  if (NO_PERMISSION.includes(code)) return new CausewayError('invalid-config', what);
  return new CausewayError(code === 'EISDIR' ? 'data-dir-corrupt' : 'storage-failed', what);
}

export function logWriteFailure(error: unknown, path: string): Error {
  return isNamed(error) ? error : new CausewayError('storage-failed', `Writing to ${path} failed: ${reasonOf(error)}.`);
}

/** The store's failures are coded already, and a broken invariant stays one. */
function isNamed(error: unknown): error is Error {
  return error instanceof CausewayError || error instanceof InvariantError;
}

/** The system's, with its code and the path if it has one. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
