/**
 * Invariants. A broken one means the program no longer knows what it is doing, so it stops with the numbers in hand;
 * operating errors (bad input, a lost peer) are never asserted, they are coded errors from `errors.ts`.
 */

/** Thrown when an invariant does not hold. Never caught to continue; the process ends. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Crash unless `condition` holds. `facts` are printed with the message: give the values that were compared. */
export function assert(
  condition: boolean,
  message: string,
  facts?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) fail(message, facts);
}

/** The branch of a discriminated union that cannot exist. */
export function unreachable(value: never): never {
  return fail('unreachable', { value });
}

function fail(message: string, facts?: Readonly<Record<string, unknown>>): never {
  throw new InvariantError(facts === undefined ? message : `${message} ${JSON.stringify(facts)}`);
}
