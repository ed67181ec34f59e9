/** Requests that wait until something holds; whoever changes what it depends on wakes them. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Time } from '../../ports/time.js';
import { type Deadline, goneClient } from './deadline.js';

interface Waiter {
  readonly holds: () => boolean;
  readonly settle: (error?: CausewayError) => void;
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
    const { signal } = deadline;
    if (signal?.aborted === true) return Promise.reject(goneClient());
    if (this.#waiters.size >= LIMITS.waitersMax) {
      return Promise.reject(new CausewayError('overloaded', `${this.#waiters.size} requests already wait`));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        holds,
        settle: (error) => {
          this.#waiters.delete(waiter);
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const onAbort = () => waiter.settle(goneClient());
      const cancelTimer = this.#time.after(Math.min(withinMs, deadline.leftMs), () => waiter.settle(late()));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  wake(): void {
    for (const waiter of [...this.#waiters]) if (waiter.holds()) waiter.settle();
  }

  failAll(error: CausewayError): void {
    for (const waiter of [...this.#waiters]) waiter.settle(error);
  }
}
