/**
 * The leader's side of changing the membership: commands of its own clients and of other members, carried out one at a
 * time, each once. How one ended is told when it is committed.
 */
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Time } from '../../ports/time.js';
import type { MembershipChange } from '../ordered-handle.js';
import type { ChangeAnswer, ChangeAsk, ChangeRefusal } from '../wire/gossip-codec.js';
import { conflict, type PlanFacts, planChange } from './change-plan.js';
import type { ChangeOutcome, MemberOrder } from './member-order.js';

export type ChangeResult = ChangeAnswer['result'];

export interface MemberChangesOptions {
  readonly order: MemberOrder;
  readonly time: Time;
  readonly facts: () => PlanFacts;
}

/** Answers kept for asks that come twice. */
const ANSWERS_MAX = 64;

export class MemberChanges {
  readonly #options: MemberChangesOptions;
  /** By asker and number. */
  readonly #asked = new Map<string, Promise<ChangeResult>>();

  constructor(options: MemberChangesOptions) {
    this.#options = options;
  }

  /** The same ask may come twice; it is carried out once. */
  answer(from: Origin, { number, change, timeoutMs }: ChangeAsk): Promise<ChangeResult> {
    const name = `${from}/${number}`;
    const known = this.#asked.get(name);
    if (known !== undefined) return known;
    const result = this.execute(change, timeoutMs);
    this.#asked.set(name, result);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > ANSWERS_MAX && oldest !== undefined) this.#asked.delete(oldest);
    return result;
  }

  /** Resolves when it is committed, or refused, or `timeoutMs` is over. */
  async execute(change: MembershipChange, timeoutMs: number): Promise<ChangeResult> {
    const { order, facts } = this.#options;
    if (order.status().role !== 'leader') return refused('no-quorum', 'this replica does not lead any more');
    const plan = planChange(change, facts());
    if (plan.kind === 'refused') return plan;
    if (plan.kind === 'transfer') return this.#transfer(plan.to, timeoutMs);
    const result = order.change(plan.membership);
    if (result.kind === 'dropped') {
      const isGone = result.reason === 'not-leader';
      return isGone ? refused('no-quorum', result.detail) : conflict(result.detail);
    }
    return this.#outcome(await this.#within(result.done, timeoutMs));
  }

  /** The order gives up handing over after an election timeout by itself. */
  async #transfer(to: Origin, timeoutMs: number): Promise<ChangeResult> {
    const { order, time } = this.#options;
    if (order.status().leader === to) return { kind: 'done', index: order.status().commit };
    const result = order.transfer(to);
    if (result.kind === 'dropped') {
      return result.reason === 'not-leader'
        ? refused('no-quorum', 'this replica does not lead any more')
        : conflict(result.reason === 'transferring' ? 'the leadership is being handed over' : `${to} is no voter`);
    }
    const deadlineMs = time.monotonicMs() + Math.min(timeoutMs, 2 * LIMITS.membershipTransferMs);
    while (time.monotonicMs() < deadlineMs) {
      const { leader, commit } = order.status();
      if (leader === to) return { kind: 'done', index: commit };
      await pause(time, LIMITS.tickMs);
    }
    return conflict(`${to} has not taken over`);
  }

  #outcome(outcome: ChangeOutcome): ChangeResult {
    if (outcome === 'committed') return { kind: 'done', index: this.#options.order.status().commit };
    if (outcome === 'lost') return conflict('another change took its place');
    return refused('outcome-unknown', 'the change was begun, and is not known to be committed');
  }

  #within(done: Promise<ChangeOutcome>, timeoutMs: number): Promise<ChangeOutcome> {
    return new Promise((resolve) => {
      const cancel = this.#options.time.after(timeoutMs, () => resolve('unknown'));
      void done.then((outcome) => {
        cancel();
        resolve(outcome);
      });
    });
  }
}

export function refused(code: ChangeRefusal['code'], detail: string): ChangeRefusal {
  return { kind: 'refused', code, detail };
}

export function pause(time: Time, ms: number): Promise<void> {
  return new Promise((resolve) => time.after(ms, resolve));
}
