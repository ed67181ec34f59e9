/**
 * Replaces members that lost their data. Such a replica comes back under a new incarnation; the leader adds that one as
 * an observer, and when it has caught up puts it in the old one's place. One step at a time, and not at once again.
 */
import { LIMITS } from '../../base/limits.js';
import type { Trace } from '../../ports/trace.js';
import { type PlanFacts, planReplacement } from './change-plan.js';
import type { MemberOrder } from './member-order.js';

export class Replacements {
  readonly #order: MemberOrder;
  readonly #facts: () => PlanFacts;
  readonly #trace: Trace;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(order: MemberOrder, facts: () => PlanFacts, trace: Trace) {
    this.#order = order;
    this.#facts = facts;
    this.#trace = trace;
  }

  tick(nowMs: number): void {
    const { role, configurationIndex, commit } = this.#order.status();
    if (role !== 'leader' || configurationIndex > commit || nowMs < this.#nextMs) return;
    const due = planReplacement(this.#facts());
    if (due === undefined) return;
    this.#nextMs = nowMs + LIMITS.replacementRetryMs;
    const { old, next, step, membership } = due;
    const result = this.#order.change(membership);
    const detail = result.kind === 'dropped' ? result.detail : undefined;
    this.#trace({
      name: 'membership.replacing',
      level: 'info',
      facts: { old, next, step, result: result.kind, detail },
    });
  }
}
