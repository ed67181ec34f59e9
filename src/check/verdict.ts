/** What every checker says of a history. */
import type { HistoryRecord } from './history/record.js';

/** Why a history is refused: a sentence, and the operations that show it, in order of invocation. */
export interface Violation {
  /** The rule that is broken, e.g. `linearizable`, `monotonic-reads`. */
  readonly rule: string;
  readonly sentence: string;
  readonly operations: readonly HistoryRecord[];
}

export type Verdict =
  /** `judged` operations had a part in it. */
  | { readonly kind: 'ok'; readonly judged: number }
  | {
      readonly kind: 'violated';
      readonly judged: number;
      /** The first ones. */
      readonly violations: readonly Violation[];
      /** All that were found. */
      readonly found: number;
    }
  | { readonly kind: 'unknown'; readonly judged: number; readonly reason: string };

/** A history can be broken in as many places as it has operations. */
const VIOLATIONS_MAX = 20;

/** Violated if anything was found; only the first few are explained. */
export function verdictOf<T>(judged: number, found: readonly T[], explain: (each: T) => Violation): Verdict {
  if (found.length === 0) return { kind: 'ok', judged };
  return { kind: 'violated', judged, violations: found.slice(0, VIOLATIONS_MAX).map(explain), found: found.length };
}
