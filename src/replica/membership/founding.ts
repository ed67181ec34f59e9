/**
 * Founding the total order, once. The founder is the least of the configured replicas. It founds only when every other
 * configured replica has answered, in one round of questions asked by this run of it, that it belongs to no order and is
 * configured alike; so all of them must be up together once. Whoever hears of an order waits to be added to that one.
 *
 * Two orders could only come about if the founder lost its disk right after it had founded, while what it had said was
 * still on its way. Every incarnation belongs to one order for ever (`StoredMembership.order`): the first founder's
 * word is good only with a majority of it among the others, the second's with itself and a majority less one of the
 * same others, and there are not enough of them for both.
 */
import type { Origin, ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { FoundAnswer, FoundAsk, GossipMessage } from '../wire/gossip-codec.js';

export interface FoundingOptions {
  readonly self: ReplicaId;
  /** All configured replicas, this one included, sorted. */
  readonly configured: readonly ReplicaId[];
  readonly nonce: () => number;
  readonly send: (to: ReplicaId, message: GossipMessage) => void;
  /** Called when the reason to wait changes. */
  readonly onWaiting: (reason: string) => void;
}

export class Founding {
  readonly #options: FoundingOptions;
  readonly #answers = new Map<ReplicaId, Origin>();
  #round: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Somebody belongs to an order, or is configured otherwise. */
  #obstacle: string | undefined;
  #disagreement: string | undefined;
  #said: string | undefined;

  constructor(options: FoundingOptions) {
    this.#options = options;
  }

  /** The order that somebody was heard to belong to. That never ends: it is the one to be added to. */
  heardOrder(member: Origin, order: Origin): void {
    this.#obstacle = `${member} belongs to the order that ${order} founded: this replica waits to be added to it`;
  }

  /** What there is to answer to a founder: `order` is what this replica belongs to. */
  answer({ round }: FoundAsk, order: Origin | undefined): FoundAnswer {
    return { kind: 'found-answer', round, order, configured: this.#options.configured };
  }

  answered(from: ReplicaId, origin: Origin, { round, order, configured }: FoundAnswer): void {
    if (order !== undefined) this.heardOrder(origin, order);
    if (round !== this.#round || !this.#options.configured.includes(from)) return;
    if (configured.join() === this.#options.configured.join()) this.#answers.set(from, origin);
    else this.#disagreement = `${from} is configured with ${configured.join(', ')}, this replica with ${this.#names}`;
  }

  /**
   * While this replica belongs to no order. Returns the voters, as they answered, when the order is to be founded now.
   */
  tick(self: Origin, nowMs: number): readonly Origin[] | undefined {
    const { configured, self: replica } = this.#options;
    const others = configured.filter((id) => id !== replica);
    if (this.#obstacle !== undefined) this.#wait(this.#obstacle);
    else if (configured[0] !== replica) this.#wait(`${configured[0]} founds the order of ${this.#names}`);
    else if (others.every((id) => this.#answers.has(id))) return [self, ...this.#answers.values()].sort();
    else this.#ask(others, nowMs);
    return undefined;
  }

  #ask(others: readonly ReplicaId[], nowMs: number): void {
    if (nowMs - this.#askedMs < LIMITS.foundingRoundMs) return;
    const silent = others.filter((id) => !this.#answers.has(id));
    if (this.#round !== undefined) this.#wait(this.#disagreement ?? `no answer of ${silent.join(', ')} yet`);
    this.#disagreement = undefined;
    this.#askedMs = nowMs;
    this.#answers.clear();
    this.#round = this.#options.nonce();
    for (const to of others) this.#options.send(to, { kind: 'found-ask', round: this.#round });
  }

  #wait(reason: string): void {
    if (reason === this.#said) return;
    this.#said = reason;
    this.#options.onWaiting(reason);
  }

  get #names(): string {
    return this.#options.configured.join(', ');
  }
}
