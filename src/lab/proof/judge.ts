/** All checkers that have something to say of a history that was recorded here. */
import { analyseCausality } from '../../check/causal/analysis.js';
import { checkCausalConsistency } from '../../check/causal-consistency.js';
import type { HistoryRecord } from '../../check/history/record.js';
import { checkLinearizability } from '../../check/linearizability.js';
import { checkSessionGuarantees } from '../../check/session-guarantees.js';
import { checkGrowing } from './growing.js';
import type { Finding } from './outcome.js';

export function judge(records: readonly HistoryRecord[]): readonly Finding[] {
  const causality = analyseCausality(records);
  return [
    { name: 'linearizability', verdict: checkLinearizability(records) },
    { name: 'causal consistency', verdict: checkCausalConsistency(records, causality) },
    { name: 'session guarantees', verdict: checkSessionGuarantees(records, causality) },
    { name: 'fencing tokens', verdict: checkGrowing(records, 'acquire') },
    { name: 'sequences', verdict: checkGrowing(records, 'next') },
  ];
}
