/** Requests that wait until something holds; whoever changes what it depends on wakes them. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Time } from '../../ports/time.js';
import { type Settle, waitUntilSettled } from '../waiting.js';
import type { Deadline } from './deadline.js';

interface Waiter {
  readonly holds: () => boolean;
  readonly settle: Settle;
}

export class Waiters {
  readonly #time: Time;
  readonly #waiters = new Set<Waiter>();

  constructor(time: Time) {
    this.#time = time;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** @throws what `late` makes when `withinMs` or the request's time is over; `overloaded` */
  wait(holds: () => boolean, deadline: Deadline, late: () => CausewayError, withinMs = Infinity): Promise<void> {
    if (holds()) return Promise.resolve();
    if (this.#waiters.size >= LIMITS.waitersMax) {
      return Promise.reject(new CausewayError('overloaded', `${this.#waiters.size} requests already wait`));
    }
    const terms = {
      time: this.#time,
      timeoutMs: Math.min(withinMs, deadline.leftMs),
      signal: deadline.signal,
      late,
    };
    return waitUntilSettled(terms, (settle) => {
      const waiter: Waiter = { holds, settle };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
    });
  }

  wake(): void {
    for (const waiter of [...this.#waiters]) if (waiter.holds()) waiter.settle();
  }

  failAll(error: CausewayError): void {
    for (const waiter of [...this.#waiters]) waiter.settle(error);
  }
}
