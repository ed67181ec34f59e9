/** Fencing tokens on their way to the store that checks them. */
import { InvalidArgumentError } from './errors.js';
import { encodeText } from './keys.js';
import type { Fence } from './types.js';

/** `<lock>=<n>` for each, names percent-encoded, separated by commas. Undefined if there is none. */
export function fencingHeader(fences: readonly Fence[]): string | undefined {
  return fences.length === 0 ? undefined : fences.map(fenceText).join(', ');
}

function fenceText({ name, fencingToken }: Fence): string {
  if (name === '') throw new InvalidArgumentError('a lock has a name of at least one byte');
  return `${encodeText(name)}=${wholeNumber('a fencing token', fencingToken)}`;
}

function wholeNumber(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`${what} is a whole number above zero, not ${value}`);
}
