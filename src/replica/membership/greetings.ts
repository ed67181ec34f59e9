/**
 * Hellos: what this replica tells everybody of itself once a second, and at once when it has become something else; and
 * what the hellos of others tell.
 */
import type { Time } from '../../ports/time.js';
import type { CausalDriver } from '../causal/causal-driver.js';
import type { Sender } from '../wire/envelope.js';
import type { Hello } from '../wire/gossip-codec.js';
import type { ClusterMembership } from './cluster-membership.js';
import type { MemberTable } from './member-table.js';
import type { Position } from './runs.js';

export interface GreetingsOptions {
  /** Where clients reach this replica. */
  readonly url: Hello['url'];
  readonly startedMs: number;
  readonly time: Time;
  readonly driver: CausalDriver;
  readonly members: MemberTable;
  readonly membership: ClusterMembership;
  /** How far the order's log has come here. */
  readonly position: () => Position;
  /** To every other replica. */
  readonly send: (hello: Hello) => void;
}

const HELLO_INTERVAL_MS = 1_000;

export class Greetings {
  readonly #options: GreetingsOptions;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: GreetingsOptions) {
    this.#options = options;
  }

  say(): void {
    const { url, startedMs, time, driver, membership, position, send } = this.#options;
    const { plane, liveKeys } = driver;
    this.#lastMs = time.monotonicMs();
    send({
      kind: 'hello',
      url,
      startedMs: Math.max(0, Math.floor(startedMs)),
      keys: liveKeys,
      buffered: plane.buffered,
      hlc: plane.hlc,
      order: membership.order,
      position: position(),
    });
  }

  /** A peer that was not known, or not like this, is answered at once. */
  hear(from: Sender, hello: Hello): void {
    const { time, members, membership } = this.#options;
    const wasRemoved = members.wasRemoved(from.origin);
    if (!wasRemoved && members.hear(from.replica, from.origin, hello, time.monotonicMs())) this.say();
    membership.heardHello(from, hello);
  }

  tick(): void {
    if (this.#options.time.monotonicMs() - this.#lastMs >= HELLO_INTERVAL_MS) this.say();
  }
}
