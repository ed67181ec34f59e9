/**
 * Promise P3 and the four session guarantees: read-your-writes, monotonic reads, monotonic writes, writes-follow-reads.
 * Each is a part of causal consistency, so only reads that are stale causally can break one.
 */
import { analyseCausality, type CausalAnalysis } from './causal/analysis.js';
import { SessionGuarantees } from './causal/guarantees.js';
import { staleWitness } from './causal/witness.js';
import { whyUnknown } from './causal-consistency.js';
import type { HistoryRecord } from './history/record.js';
import { type Verdict, verdictOf } from './verdict.js';

/** Stale reads that are looked at: each costs a walk through the history. */
const LOOKED_AT_MAX = 200;

export function checkSessionGuarantees(
  records: readonly HistoryRecord[],
  analysis: CausalAnalysis = analyseCausality(records),
): Verdict {
  const { order, cycle, stale } = analysis;
  const guarantees = new SessionGuarantees(order);
  const broken = stale.slice(0, LOOKED_AT_MAX).flatMap((each) => guarantees.brokenBy(each));
  const judged = order.operations.filter((_, node) => order.sessions[node] !== undefined).length;
  const verdict = verdictOf(judged, broken, (each) => staleWitness(order, each.stale, each.guarantee));
  if (verdict.kind !== 'ok') return verdict;
  const left = stale.length - LOOKED_AT_MAX;
  const reason =
    cycle !== undefined
      ? 'there is a cycle in the causal order, so that everything comes before everything'
      : left > 0
        ? `${left} stale reads were not looked at`
        : whyUnknown(analysis);
  return reason === undefined ? verdict : { kind: 'unknown', judged, reason };
}
