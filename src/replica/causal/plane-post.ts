/** Sends what the causal plane has to say, and reads from storage what it lets peers have. */
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { CausalPlane } from '../../replication/causal-plane.js';
import type { Outgoing } from '../../replication/messages.js';
import { readOperations } from './operation-log.js';
import { SnapshotServer } from './snapshot-server.js';

export interface PlanePostOptions {
  readonly storage: Storage;
  readonly time: Time;
  readonly post: (outgoing: Outgoing) => void;
  /** Nothing may be read from storage any more. */
  readonly isClosed: () => boolean;
}

export class PlanePost {
  readonly #options: PlanePostOptions;
  readonly #snapshots: SnapshotServer;

  constructor(options: PlanePostOptions) {
    this.#options = options;
    this.#snapshots = new SnapshotServer(options.storage);
  }

  /** To be called after every call of the plane, before storage changes. */
  flush(plane: CausalPlane): void {
    const { storage, time, post, isClosed } = this.#options;
    const { sends, serves } = plane.takeOutbox();
    for (const outgoing of sends) post(outgoing);
    for (const serve of serves) {
      if (isClosed()) return;
      if (serve.kind === 'serve-fetch') {
        const { durable: vector, floor } = plane;
        const { request, behind } = serve;
        const groups = behind ? [] : readOperations(storage, serve.ranges);
        post({ to: serve.to, message: { kind: 'fetched', request, vector, floor, behind, groups } });
      } else {
        const message = this.#snapshots.page(serve.to, serve.session, serve.cursor, time.monotonicMs());
        post({ to: serve.to, message });
      }
    }
  }

  /** Close snapshots that nobody has asked for lately. */
  tick(): void {
    this.#snapshots.expire(this.#options.time.monotonicMs());
  }

  closeSnapshots(): void {
    this.#snapshots.closeAll();
  }
}
