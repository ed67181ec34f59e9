/** Requests that wait until this replica has delivered what their token names. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { Time } from '../../ports/time.js';

interface Waiter {
  readonly token: VersionVector;
  readonly settle: (error?: CausewayError) => void;
}

/** What a wait is measured against; read at each wake. */
export interface Coverage {
  readonly durable: VersionVector;
  /** False while the causal view is being rebuilt from a snapshot. */
  readonly usable: boolean;
}

export class CoverageWaiters {
  readonly #time: Time;
  readonly #coverage: () => Coverage;
  readonly #waiters = new Set<Waiter>();
  /** What all waiters were last measured against, and found wanting. */
  #measured: Coverage | undefined;

  constructor(time: Time, coverage: () => Coverage) {
    this.#time = time;
    this.#coverage = coverage;
  }

  get size(): number {
    return this.#waiters.size;
  }

  covered(token: VersionVector): boolean {
    const { durable, usable } = this.#coverage();
    return usable && durable.includes(token);
  }

  /** Resolves when covered. @throws CausewayError `causal-wait-timeout`, `overloaded`; the signal's reason if aborted */
  wait(token: VersionVector, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= LIMITS.waitersMax) {
      return Promise.reject(
        new CausewayError('overloaded', `${this.#waiters.size} requests already wait for causal dependencies`),
      );
    }
    if (signal?.aborted === true) return Promise.reject(abandoned());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        token,
        settle: (error) => {
          this.#waiters.delete(waiter);
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const onAbort = () => waiter.settle(abandoned());
      const cancelTimer = this.#time.after(timeoutMs, () => waiter.settle(this.#timedOut(token, timeoutMs)));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Call whenever the durable vector may have grown. */
  wake(): void {
    const now = this.#coverage();
    const before = this.#measured;
    if (this.#waiters.size === 0 || (before?.durable === now.durable && before.usable === now.usable)) return;
    this.#measured = { ...now };
    for (const waiter of [...this.#waiters]) if (this.covered(waiter.token)) waiter.settle();
  }

  failAll(error: CausewayError): void {
    for (const waiter of [...this.#waiters]) waiter.settle(error);
  }

  #timedOut(token: VersionVector, timeoutMs: number): CausewayError {
    const { durable, usable } = this.#coverage();
    const missing = durable.missing(token);
    const what = usable
      ? missing.map(({ origin, have, need }) => `${origin} ${have + 1}..${need}`).join(', ')
      : 'this replica to catch up with the others, which it has not done since it got new data';
    return new CausewayError('causal-wait-timeout', `waited ${timeoutMs} ms for ${what}`, {
      missing,
      served: ['eventual'],
      retryAfterSeconds: 1,
    });
  }
}

function abandoned(): CausewayError {
  return new CausewayError('causal-wait-timeout', 'the client stopped waiting');
}
