/** `membership()` and `changeMembership()` of a replica: commands are carried out by the leader, wherever they come in. */
import { CausewayError } from '../../base/errors.js';
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { isJoint, isMember, membersOf } from '../../consensus/configuration.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { ConsensusMember, MembershipChange, MembershipView, OrderedContext } from '../ordered-handle.js';
import type { Sender } from '../wire/envelope.js';
import type { ChangeAnswer, ChangeAsk, GossipMessage } from '../wire/gossip-codec.js';
import type { PlanFacts } from './change-plan.js';
import { type ChangeResult, MemberChanges, pause, refused } from './member-changes.js';
import type { MemberOrder } from './member-order.js';

export interface MembershipServiceOptions {
  readonly self: () => Origin;
  readonly order: MemberOrder;
  readonly time: Time;
  readonly random: Random;
  readonly facts: () => PlanFacts;
  readonly send: (to: ReplicaId, message: GossipMessage) => void;
}

export class MembershipService {
  readonly #options: MembershipServiceOptions;
  readonly #changes: MemberChanges;
  readonly #waiting = new Map<number, (result: ChangeResult) => void>();

  constructor(options: MembershipServiceOptions) {
    this.#options = options;
    this.#changes = new MemberChanges(options);
  }

  membership(): MembershipView {
    const { configuration, configurationIndex, commit, leader, term } = this.#options.order.status();
    const members = membersOf(configuration).flatMap((origin): ConsensusMember[] => {
      const id = replicaOf(origin);
      if (id === undefined) return [];
      const role = origin === leader ? 'leader' : configuration.learners.includes(origin) ? 'observer' : 'voter';
      return [{ id, incarnation: origin, role }];
    });
    const changing = isJoint(configuration) || configurationIndex > commit;
    return { leader: leader === undefined ? null : (replicaOf(leader) ?? null), term, members, changing };
  }

  /** @throws CausewayError `membership-conflict`, `invalid-request`, `no-quorum` (nothing was begun) or `outcome-unknown` */
  async changeMembership(change: MembershipChange, context: OrderedContext): Promise<MembershipView> {
    const { time, order, self } = this.#options;
    const deadlineMs = time.monotonicMs() + context.timeoutMs;
    const leader = await this.#leader(Math.min(context.timeoutMs, LIMITS.membershipTransferMs));
    const leftMs = Math.max(1, deadlineMs - time.monotonicMs());
    const isOurs = leader === self();
    const result = isOurs ? await this.#changes.execute(change, leftMs) : await this.#forward(leader, change, leftMs);
    if (result.kind === 'refused') throw new CausewayError(result.code, result.detail);
    while (order.status().commit < result.index && time.monotonicMs() < deadlineMs) await pause(time, LIMITS.tickMs);
    return this.membership();
  }

  /** A member asks this replica, which it takes for the leader. */
  asked(from: Sender, ask: ChangeAsk): void {
    const { order, send } = this.#options;
    const isOfOurs = isMember(order.status().configuration, from.origin);
    const result = isOfOurs
      ? this.#changes.answer(from.origin, ask)
      : Promise.resolve(refused('membership-conflict', `${from.origin} is no member`));
    void result.then((answer) => {
      send(from.replica, { kind: 'change-answer', number: ask.number, result: answer });
    });
  }

  answered({ number, result }: ChangeAnswer): void {
    this.#waiting.get(number)?.(result);
  }

  async #leader(timeoutMs: number): Promise<Origin> {
    const { time, order } = this.#options;
    const deadlineMs = time.monotonicMs() + timeoutMs;
    for (;;) {
      const { leader } = order.status();
      if (leader !== undefined) return leader;
      if (time.monotonicMs() >= deadlineMs) throw new CausewayError('no-quorum', 'no leader is known');
      await pause(time, LIMITS.tickMs);
    }
  }

  /** The ask may be lost, and is said again; the leader takes it once. */
  #forward(leader: Origin, change: MembershipChange, timeoutMs: number): Promise<ChangeResult> {
    const { time, random, send } = this.#options;
    const to = replicaOf(leader);
    if (to === undefined) return Promise.resolve(refused('no-quorum', `${leader} is no replica`));
    const number = random.u32();
    const startedMs = time.monotonicMs();
    return new Promise((resolve) => {
      let cancel = () => {};
      const settle = (result: ChangeResult) => {
        cancel();
        this.#waiting.delete(number);
        resolve(result);
      };
      const say = () => {
        const leftMs = Math.floor(timeoutMs - (time.monotonicMs() - startedMs));
        if (leftMs <= 0) {
          settle(refused('outcome-unknown', `${to} leads and has not answered within ${Math.round(timeoutMs)} ms`));
          return;
        }
        send(to, { kind: 'change-ask', number, change, timeoutMs: leftMs });
        cancel = time.after(Math.min(leftMs, LIMITS.membershipAskMs), say);
      };
      this.#waiting.set(number, settle);
      say();
    });
  }
}
