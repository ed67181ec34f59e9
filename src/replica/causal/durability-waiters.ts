/** Local writes whose clients wait until more members than this one have them delivered and durable. */
import { CausewayError } from '../../base/errors.js';
import type { Dot } from '../../clocks/dot.js';
import type { Time } from '../../ports/time.js';

interface Waiter {
  readonly dot: Dot;
  readonly need: number;
  readonly resolve: () => void;
  readonly reject: (error: CausewayError) => void;
  readonly cancelTimer: () => void;
}

export class DurabilityWaiters {
  readonly #time: Time;
  /** How many members, this one included, have the dot durable. */
  readonly #holders: (dot: Dot) => number;
  /** Mostly in counter order: only a retry that waits for the write of an earlier request comes out of it. */
  readonly #waiters = new Set<Waiter>();

  constructor(time: Time, holders: (dot: Dot) => number) {
    this.#time = time;
    this.#holders = holders;
  }

  /** @throws CausewayError `outcome-unknown` after the timeout: the write is durable here and will spread. */
  wait(dot: Dot, need: number, timeoutMs: number): Promise<void> {
    if (this.#holders(dot) >= need) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        dot,
        need,
        resolve,
        reject,
        cancelTimer: this.#time.after(timeoutMs, () => {
          this.#waiters.delete(waiter);
          reject(this.#timedOut(waiter, timeoutMs));
        }),
      };
      this.#waiters.add(waiter);
    });
  }

  /** Call when a member's vector may have grown. */
  wake(): void {
    if (this.#waiters.size === 0) return;
    const unmet = new Map<number, Dot>();
    for (const waiter of this.#waiters) {
      if (isAfter(waiter.dot, unmet.get(waiter.need))) continue;
      if (this.#holders(waiter.dot) < waiter.need) {
        unmet.set(waiter.need, waiter.dot);
        continue;
      }
      this.#waiters.delete(waiter);
      waiter.cancelTimer();
      waiter.resolve();
    }
  }

  failAll(error: CausewayError): void {
    for (const waiter of this.#waiters) {
      waiter.cancelTimer();
      waiter.reject(error);
    }
    this.#waiters.clear();
  }

  #timedOut(waiter: Waiter, timeoutMs: number): CausewayError {
    return new CausewayError(
      'outcome-unknown',
      `durable at ${this.#holders(waiter.dot)} of ${waiter.need} members after ${timeoutMs} ms; it is kept here and goes on spreading`,
      { durability: 'local' },
    );
  }
}

/** A later write of the same origin: what is needed of it is never met before the same need of the earlier one. */
function isAfter(dot: Dot, earlier: Dot | undefined): boolean {
  return earlier !== undefined && dot.origin === earlier.origin && dot.counter >= earlier.counter;
}
