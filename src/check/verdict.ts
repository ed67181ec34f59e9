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
  | { readonly kind: 'violated'; readonly judged: number; readonly violations: readonly Violation[] }
  | { readonly kind: 'unknown'; readonly judged: number; readonly reason: string };

/** Refused if anything was found. */
export function verdictOf(judged: number, violations: readonly Violation[]): Verdict {
  return violations.length === 0 ? { kind: 'ok', judged } : { kind: 'violated', judged, violations };
}
