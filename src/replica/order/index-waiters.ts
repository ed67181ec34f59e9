/**
 * Requests that wait until the ordered state is applied up to the index of the log that their token names: one that the
 * causal view covers already, and so one that exists and is on its way.
 */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { MinHeap } from '../../base/min-heap.js';
import type { Time } from '../../ports/time.js';
import type { CallerSignal } from '../request-types.js';
import { type Settle, waitUntilSettled } from '../waiting.js';
import type { AppliedState } from './applied-state.js';

interface Waiter {
  readonly index: number;
  isSettled: boolean;
  readonly settle: Settle;
}

export class IndexWaiters {
  readonly #time: Time;
  readonly #state: AppliedState;
  /** Those who stopped waiting stay in it until their index comes. */
  readonly #waiters = new MinHeap<Waiter>((a, b) => a.index < b.index);

  constructor(time: Time, state: AppliedState) {
    this.#time = time;
    this.#state = state;
    state.onApplied(() => this.#wake());
    state.onJumped(() => this.#wake());
  }

  /** Resolves when `index` is applied here. @throws CausewayError `causal-wait-timeout` */
  wait(index: number, timeoutMs: number, signal: CallerSignal | undefined): Promise<void> {
    if (this.#state.applied >= index) return Promise.resolve();
    const late = () => this.#timedOut(index, timeoutMs);
    return waitUntilSettled({ time: this.#time, timeoutMs, signal, late }, (settle) => {
      const waiter: Waiter = { index, isSettled: false, settle };
      this.#waiters.push(waiter);
      return () => {
        waiter.isSettled = true;
      };
    });
  }

  #wake(): void {
    for (let next = this.#waiters.peek(); next !== undefined; next = this.#waiters.peek()) {
      if (!next.isSettled && next.index > this.#state.applied) return;
      this.#waiters.pop();
      if (!next.isSettled) next.settle();
    }
  }

  #timedOut(need: number, timeoutMs: number): CausewayError {
    const have = this.#state.applied;
    return new CausewayError('causal-wait-timeout', `waited ${timeoutMs} ms for log ${have + 1}..${need}`, {
      missing: [{ origin: LOG_ORIGIN, have, need }],
      served: ['eventual'],
      retryAfterSeconds: 1,
    });
  }
}
