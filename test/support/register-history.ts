/**
 * Whether the operations of a history on one register can be put into an order that explains every answer and keeps real
 * time: tried by brute force, for histories of a few dozen operations. Values are unique, `undefined` is no value.
 *
 * Source: J. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (1993), with a memory for what was tried.
 */

export interface RegisterOperation {
  readonly invokedMs: number;
  /** Infinity if it may take effect at any time later. */
  readonly completedMs: number;
  /** It may also never take effect: its answer is not known, or it was not promised to. */
  readonly isOptional: boolean;
  /** The value after it, if it can take effect over `value` with the answer that it had. */
  readonly apply: (value: string | undefined) => { readonly value: string | undefined } | 'impossible';
}

export function isLinearizable(operations: readonly RegisterOperation[]): boolean {
  if (operations.length > 30) throw new Error(`${operations.length} operations are too many`);
  const tried = new Set<string>();
  const required = operations.reduce((mask, { isOptional }, i) => (isOptional ? mask : mask | (1 << i)), 0);

  const search = (done: number, value: string | undefined): boolean => {
    if ((done & required) === required) return true;
    const state = `${done} ${value ?? ''}`;
    if (tried.has(state)) return false;
    tried.add(state);
    // Whatever comes next was invoked before any required operation that is left had completed.
    let horizonMs = Number.POSITIVE_INFINITY;
    for (const [i, { completedMs, isOptional }] of operations.entries()) {
      if ((done & (1 << i)) === 0 && !isOptional) horizonMs = Math.min(horizonMs, completedMs);
    }
    return operations.some(({ invokedMs, apply }, i) => {
      if ((done & (1 << i)) !== 0 || invokedMs > horizonMs) return false;
      const after = apply(value);
      return after !== 'impossible' && search(done | (1 << i), after.value);
    });
  };
  return search(0, undefined);
}

export function readOf(found: string | undefined, invokedMs: number, completedMs: number): RegisterOperation {
  const apply = (value: string | undefined) => (value === found ? { value } : ('impossible' as const));
  return { invokedMs, completedMs, isOptional: false, apply };
}

/** `undefined` deletes. */
export function writeOf(
  written: string | undefined,
  invokedMs: number,
  completedMs: number,
  isOptional = false,
): RegisterOperation {
  return { invokedMs, completedMs, isOptional, apply: () => ({ value: written }) };
}

/** A write on condition that the register shows `expected`; `succeeded` undefined if that is not known. */
export function swapOf(
  expected: string | undefined,
  written: string,
  succeeded: boolean | undefined,
  invokedMs: number,
  completedMs: number,
): RegisterOperation {
  return {
    invokedMs,
    completedMs,
    isOptional: succeeded === undefined,
    apply: (value) => {
      if (succeeded === undefined) return { value: value === expected ? written : value };
      if (succeeded !== (value === expected)) return 'impossible';
      return { value: succeeded ? written : value };
    },
  };
}
