/** How long one request may still take, whether its client is still there, and where its time went. */
import type { CausewayError } from '../../base/errors.js';
import type { Time } from '../../ports/time.js';
import type { CallerSignal, Timing } from '../request-types.js';
import { goneClient } from '../waiting.js';

export class Deadline {
  readonly signal: CallerSignal | undefined;
  readonly timeoutMs: number;
  readonly #time: Time;
  readonly #startedMs: number;
  #logMs = 0;
  #storeMs = 0;

  constructor(time: Time, timeoutMs: number, signal?: CallerSignal) {
    this.#time = time;
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.#startedMs = time.monotonicMs();
  }

  /** 0 when the time is over. */
  get leftMs(): number {
    return Math.max(0, this.#startedMs + this.timeoutMs - this.#time.monotonicMs());
  }

  /**
   * The result of `shared`, on which others may wait as well. @throws what `late` makes when `withinMs` or the request's
   * own time is over, or the client is gone
   */
  race<T>(shared: Promise<T>, withinMs: number, late: () => CausewayError): Promise<T> {
    const { signal } = this;
    if (signal?.aborted === true) {
      shared.catch(() => {});
      return Promise.reject(goneClient());
    }
    return new Promise((resolve, reject) => {
      const stop = () => {
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        stop();
        reject(goneClient());
      };
      const cancelTimer = this.#time.after(Math.min(withinMs, this.leftMs), () => {
        stop();
        reject(late());
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      shared.then(
        (result) => {
          stop();
          resolve(result);
        },
        (error: unknown) => {
          stop();
          reject(error);
        },
      );
    });
  }

  /** `work` is a step through the log; whoever awaits it afterwards finds its time counted. */
  inLog<T>(work: Promise<T>): Promise<T> {
    const startedMs = this.#time.monotonicMs();
    const count = () => {
      this.#logMs += this.#time.monotonicMs() - startedMs;
    };
    work.then(count, count);
    return work;
  }

  /** `work` reads storage. */
  inStore<T>(work: () => T): T {
    const startedMs = this.#time.monotonicMs();
    const result = work();
    this.#storeMs += this.#time.monotonicMs() - startedMs;
    return result;
  }

  /** What was neither log nor storage was waiting. */
  timing(): Timing {
    const spentMs = this.#time.monotonicMs() - this.#startedMs;
    const waitMs = Math.max(0, spentMs - this.#logMs - this.#storeMs);
    return { waitMs, logMs: this.#logMs, storeMs: this.#storeMs };
  }
}
