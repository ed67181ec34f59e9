/** Whether a request may proceed now: not while draining, and at `causal` not before its dependencies are here. */
import { CausewayError } from '../../base/errors.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { Time } from '../../ports/time.js';
import { type Coverage, CoverageWaiters } from '../causal/coverage-waiters.js';
import type { RequestContext } from '../request-types.js';
import { checkToken, type TokenKnowledge } from './token-check.js';

export interface AdmissionOptions {
  readonly time: Time;
  readonly coverage: () => Coverage;
  /** A new incarnation that has not caught up yet must not write: it may not know what others have forgotten. */
  readonly mayWrite: () => boolean;
  readonly tokens: () => TokenKnowledge;
  /** Somebody waits: ask the peers what they have, rather than leave it to their timers. */
  readonly hurry: () => void;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #waiters: CoverageWaiters;
  readonly #writers: CoverageWaiters;
  #draining = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#waiters = new CoverageWaiters(options.time, options.coverage);
    this.#writers = new CoverageWaiters(options.time, () => ({
      durable: options.coverage().durable,
      usable: options.mayWrite(),
    }));
  }

  get waiting(): number {
    return this.#waiters.size + this.#writers.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** @throws CausewayError `shutting-down` */
  admit(): void {
    if (this.#draining) throw new CausewayError('shutting-down', 'this replica is shutting down');
  }

  /** This replica has everything the token names. */
  isCovered(context: RequestContext): boolean {
    return this.#waiters.covered(context.token);
  }

  /** Milliseconds waited until this replica had everything the token names. @throws CausewayError */
  covered(context: RequestContext): number | Promise<number> {
    if (this.isCovered(context)) return 0;
    return this.#wait(context.token, context);
  }

  /** This replica may write now. */
  get mayWrite(): boolean {
    return this.#options.mayWrite();
  }

  /** Milliseconds waited until this replica may write. @throws CausewayError */
  async writable(context: RequestContext): Promise<number> {
    if (this.mayWrite) return 0;
    const startedMs = this.#options.time.monotonicMs();
    await this.#writers.wait(VersionVector.EMPTY, context.timeoutMs, context.signal);
    return this.#options.time.monotonicMs() - startedMs;
  }

  wake(): void {
    this.#waiters.wake();
    this.#writers.wake();
  }

  /** Refuse new requests, and those that still wait for dependencies. */
  drain(): void {
    this.#draining = true;
    for (const waiters of [this.#waiters, this.#writers]) {
      waiters.failAll(new CausewayError('shutting-down', 'this replica is shutting down'));
    }
  }

  async #wait(token: VersionVector, context: RequestContext): Promise<number> {
    checkToken(token, this.#options.tokens());
    const startedMs = this.#options.time.monotonicMs();
    this.#options.hurry();
    await this.#waiters.wait(token, context.timeoutMs, context.signal);
    return this.#options.time.monotonicMs() - startedMs;
  }
}
