/** How requests put entries into the total order and learn what became of them. */
import type { Applied } from '../../keyspace/ordered/apply.js';
import type { Entry } from '../../keyspace/ordered/entry.js';
import type { CallerSignal } from '../request-types.js';

/** An entry without what the proposer itself puts in: its name, its stamp. */
export type ProposedEntry = Omit<Entry, 'timeMs' | 'proposal' | 'hlc'>;

export interface Proposals {
  /**
   * Resolves once the entry is applied here, whatever its outcome. What certainly went nowhere is proposed again until
   * `timeoutMs` is over, or until there has been no leader for an election timeout.
   * @throws CausewayError `no-quorum`, `overloaded`, `shutting-down` (not applied) or `outcome-unknown`
   */
  propose(entry: ProposedEntry, timeoutMs: number, signal?: CallerSignal): Promise<Applied>;
}
