/** What this replica gives to peers that ask for it: ranges of operations, and snapshots. */
import type { ReplicaId } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import { servableRanges } from './fetch-ranges.js';
import type { FetchMessage, SnapshotFetchMessage } from './messages.js';
import type { Outbox } from './outbox.js';
import type { Retention } from './retention.js';

export class Serving {
  readonly #outbox: Outbox;
  readonly #retention: Retention;

  constructor(outbox: Outbox, retention: Retention) {
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

  /** Half an install is no state to give away. */
  snapshot(to: ReplicaId, { session, cursor }: SnapshotFetchMessage, installing: boolean): void {
    if (installing) this.#outbox.send({ to, message: { kind: 'snapshot-gone', session } });
    else this.#outbox.serve({ kind: 'serve-snapshot', to, session, cursor });
  }
}
