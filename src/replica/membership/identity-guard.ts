/**
 * One id, one process. A starting replica asks whether its id is taken; two that meet later (after a partition, say)
 * agree without talking that the one that started last must go.
 */
import { CausewayError } from '../../base/errors.js';
import type { ReplicaId } from '../../base/ids.js';
import type { Sender } from '../wire/envelope.js';
import type { GossipMessage } from '../wire/gossip-codec.js';

export interface IdentityGuardOptions {
  readonly self: () => Sender;
  readonly startedMs: number;
  readonly send: (to: ReplicaId, message: GossipMessage) => void;
  /** This process must end. */
  readonly onTaken: (error: CausewayError) => void;
}

export class IdentityGuard {
  readonly #options: IdentityGuardOptions;
  #starting = true;

  constructor(options: IdentityGuardOptions) {
    this.#options = options;
  }

  probe(): void {
    this.#options.send(this.#options.self().replica, { kind: 'probe' });
  }

  /** The probe went unanswered: from now on this process defends the id. */
  established(): void {
    this.#starting = false;
  }

  /** A message under our own id from another process. */
  meet(other: Sender, message: GossipMessage): void {
    const { startedMs, self } = this.#options;
    if (message.kind === 'probe') {
      if (!this.#starting) this.#options.send(self().replica, { kind: 'taken', startedMs });
      return;
    }
    if (message.kind !== 'hello' && message.kind !== 'taken') return;
    const isLater = startedMs > message.startedMs || (startedMs === message.startedMs && self().boot > other.boot);
    if (this.#starting || isLater) {
      this.#options.onTaken(
        new CausewayError(
          'replica-id-taken',
          `another process serves as "${self().replica}" in cluster "${self().cluster}" since ${new Date(message.startedMs).toISOString()}`,
        ),
      );
    }
  }
}
