/** How requests put entries into the total order and learn what became of them. */
import type { VersionVector } from '../../clocks/version-vector.js';
import type { RetryName } from '../../keyspace/group-body.js';
import type { Adoption } from '../../keyspace/ordered/adoption.js';
import type { Applied } from '../../keyspace/ordered/apply.js';
import type { Command } from '../../keyspace/ordered/command.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';

/** An entry without what the proposer itself puts in: its name, its stamp. */
export interface ProposedEntry {
  readonly base: number;
  readonly retry: RetryName | undefined;
  /** Durable on a majority of voters already. */
  readonly deps: VersionVector;
  /** What the causal view had when `adopted` was chosen, without the log, if the answer shows several keys. */
  readonly known: VersionVector | undefined;
  readonly adopted: readonly Adoption[];
  readonly fences: readonly Fence[];
  readonly command: Command;
}

export interface Proposals {
  /**
   * Resolves once the entry is applied here, whatever its outcome. What certainly went nowhere is proposed again until
   * `timeoutMs` is over, or until there has been no leader for an election timeout.
   * @throws CausewayError `no-quorum`, `overloaded`, `shutting-down` (not applied) or `outcome-unknown`
   */
  propose(entry: ProposedEntry, timeoutMs: number, signal?: AbortSignal): Promise<Applied>;
}
