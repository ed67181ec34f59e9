/** The ordered view as requests see it: everything applied here, durable or not, for the log can bring it back. */
import type { StateReader } from '../../base/state-table.js';
import type { Applied } from '../../keyspace/ordered/apply.js';

export interface AppliedState {
  /** Index of the last applied entry; 0 = none. */
  readonly applied: number;
  /** The state after `applied`. Valid until the next turn of the event loop; read it anew after every wait. */
  readonly state: StateReader;
  /** Called for every entry, in order, right after it was applied; `term` is that of the entry. */
  onApplied(listener: (applied: Applied, term: number) => void): void;
  /** The state has jumped to a copy of a peer's: entries up to `index` were never applied one by one here. */
  onJumped(listener: (index: number) => void): void;
}
