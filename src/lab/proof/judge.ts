/** All checkers that have something to say of a history that was recorded here. */
import type { HistoryRecord } from '../../check/history/record.js';
import { checkLinearizability } from '../../check/linearizability.js';
import { checkGrowing } from './growing.js';
import type { Finding } from './outcome.js';

export function judge(records: readonly HistoryRecord[]): readonly Finding[] {
  return [
    { name: 'linearizability', verdict: checkLinearizability(records) },
    { name: 'fencing tokens', verdict: checkGrowing(records, 'acquire') },
    { name: 'sequences', verdict: checkGrowing(records, 'next') },
  ];
}
