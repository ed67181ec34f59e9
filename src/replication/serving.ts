/** What this replica gives to peers that ask for it: ranges of operations, and snapshots. */
import type { ReplicaId } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import { servableRanges } from './fetch-ranges.js';
import type { FetchMessage, SnapshotFetchMessage } from './messages.js';
import type { Outbox } from './outbox.js';
import type { Retention } from './retention.js';
import { isStart } from './snapshot-install.js';

/** What storage shows: one state, one state that a snapshot is awaited over, or a mixture of two. */
export type StoredView = 'whole' | 'awaiting' | 'mixed';

export class Serving {
  readonly #self: ReplicaId;
  readonly #outbox: Outbox;
  readonly #retention: Retention;

  constructor(self: ReplicaId, outbox: Outbox, retention: Retention) {
    this.#self = self;
    this.#outbox = outbox;
    this.#retention = retention;
  }

  /** False if the request makes no sense, and nothing is served. */
  fetch(to: ReplicaId, { request, ranges: asked }: FetchMessage, durable: VersionVector): boolean {
    const ranges = servableRanges(asked, durable);
    if (ranges === undefined) return false;
    const behind = asked.some(({ origin, have }) => have < this.#retention.floor.get(origin));
    this.#outbox.serve({ kind: 'serve-fetch', to, request, ranges, behind });
    return true;
  }

  /** A session that is open goes on, for it shows the state it was opened at. */
  snapshot(to: ReplicaId, { session, cursor }: SnapshotFetchMessage, view: StoredView): void {
    const isRefused = isStart(cursor) && !this.#maySnapshot(to, view);
    if (isRefused) this.#outbox.send({ to, message: { kind: 'snapshot-gone', session } });
    else this.#outbox.serve({ kind: 'serve-snapshot', to, session, cursor });
  }

  /**
   * Half an install is no state to give away. But two replicas may lack what the other has dropped from its operation
   * log, and wait for each other: while nothing is merged yet the one with the lesser name serves the other. Not both at
   * once, or a crash could leave two halves and nothing whole.
   */
  #maySnapshot(to: ReplicaId, view: StoredView): boolean {
    return view === 'whole' || (view === 'awaiting' && this.#self < to);
  }
}
