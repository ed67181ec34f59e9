/** Requests that wait until this replica has delivered what their token names. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { Time } from '../../ports/time.js';
import type { CallerSignal } from '../request-types.js';
import { type Settle, waitUntilSettled } from '../waiting.js';

interface Waiter {
  readonly token: VersionVector;
  readonly settle: Settle;
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

  /** Resolves when covered. @throws CausewayError `causal-wait-timeout`, `overloaded` */
  wait(token: VersionVector, timeoutMs: number, signal: CallerSignal | undefined): Promise<void> {
    if (this.#waiters.size >= LIMITS.waitersMax) {
      return Promise.reject(
        new CausewayError('overloaded', `${this.#waiters.size} requests already wait for causal dependencies`),
      );
    }
    const late = () => this.#timedOut(token, timeoutMs);
    return waitUntilSettled({ time: this.#time, timeoutMs, signal, late }, (settle) => {
      const waiter: Waiter = { token, settle };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
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
