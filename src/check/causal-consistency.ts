/** Promise P4: what sessions at `causal` and `linearizable` were shown is causally consistent. */
import { analyseCausality, type CausalAnalysis } from './causal/analysis.js';
import { cycleWitness, staleWitness, thinAirWitness } from './causal/witness.js';
import type { HistoryRecord } from './history/record.js';
import { type Verdict, type Violation, verdictOf } from './verdict.js';

export function checkCausalConsistency(
  records: readonly HistoryRecord[],
  analysis: CausalAnalysis = analyseCausality(records),
): Verdict {
  const { order, cycle, stale } = analysis;
  const explanations: readonly (() => Violation)[] = [
    ...(cycle === undefined ? [] : [() => cycleWitness(order, cycle)]),
    ...order.thinAir.map((each) => () => thinAirWitness(order, each, records)),
    ...stale.map((each) => () => staleWitness(order, each)),
  ];
  const judged = order.operations.length;
  const verdict = verdictOf(judged, explanations, (explain) => explain());
  const reason = whyUnknown(analysis);
  return verdict.kind === 'ok' && reason !== undefined ? { kind: 'unknown', judged, reason } : verdict;
}

/** What was left out; `undefined` if nothing was. */
export function whyUnknown({ isTooLarge, undecided, order }: CausalAnalysis): string | undefined {
  if (isTooLarge) return `${order.operations.length} operations are too many to follow who knew what`;
  if (undecided > 0)
    return `${undecided} reads were shown values that were written too often to tell which write it was`;
  return undefined;
}
