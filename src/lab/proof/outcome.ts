/** What a proof found. */
import type { Verdict } from '../../check/verdict.js';
import type { History, Tally } from '../workload/history.js';

export interface Finding {
  /** The promise, e.g. `linearizability`. */
  readonly name: string;
  readonly verdict: Verdict;
}

export interface Outcome {
  readonly history: History;
  readonly tally: Tally;
  readonly findings: readonly Finding[];
  /** What was wrong although no checker looks for it: a replica that ended, a cluster that did not converge. */
  readonly troubles: readonly string[];
  /** Figures of the run in the order they are shown. */
  readonly facts: Readonly<Record<string, number | string>>;
}

/** Sound: every promise held, and everything was decided. */
export function isSound({ findings, troubles }: Outcome): boolean {
  return troubles.length === 0 && findings.every(({ verdict }) => verdict.kind === 'ok');
}
