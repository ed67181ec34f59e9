/**
 * Requests that want the same answer, gathered: those who ask while a round is under way share the next one, which begins
 * when an answer comes in. A round costs the replicas the same for one request as for a hundred. etcd's read indexes are
 * batched in this way.
 *
 * Nobody joins a round that has begun: its answer may be older than the request.
 */
import type { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Time } from '../../ports/time.js';

export interface GatheringOptions<T> {
  readonly time: Time;
  /** Rounds under way before the next one has to wait: for an answer, or for a tick, as messages get lost. */
  readonly roundsMax: number;
  /** Begin a round, for all who have asked so far. */
  readonly begin: () => Promise<T>;
}

/** Requests that share one answer. */
export interface Waiting<T> {
  readonly promise: Promise<T>;
  readonly resolve: (answer: T) => void;
  readonly reject: (error: CausewayError) => void;
}

export class Gathering<T> {
  readonly #options: GatheringOptions<T>;
  #next: Waiting<T> | undefined;
  #underWay = 0;
  #cancelPacing: () => void = () => {};

  constructor(options: GatheringOptions<T>) {
    this.#options = options;
  }

  /** The answer to a round that begins after this call. @throws what the round fails with */
  ask(): Promise<T> {
    if (this.#next === undefined) {
      this.#next = newWaiting();
      this.#pace();
    }
    return this.#next.promise;
  }

  close(error: CausewayError): void {
    this.#cancelPacing();
    this.#next?.reject(error);
    this.#next = undefined;
  }

  #pace(): void {
    const { time, roundsMax } = this.#options;
    const begin = () => this.#begin();
    if (this.#underWay < roundsMax) time.soon(begin);
    else this.#cancelPacing = time.after(LIMITS.tickMs, begin);
  }

  #begin(): void {
    this.#cancelPacing();
    const waiting = this.#next;
    if (waiting === undefined) return;
    this.#next = undefined;
    this.#underWay += 1;
    const answered = this.#options.begin().then(waiting.resolve, waiting.reject);
    void answered.then(() => this.#ended());
  }

  #ended(): void {
    this.#underWay -= 1;
    if (this.#next !== undefined) this.#options.time.soon(() => this.#begin());
  }
}

export function newWaiting<T>(): Waiting<T> {
  let resolve: Waiting<T>['resolve'] = () => {};
  let reject: Waiting<T>['reject'] = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Those who waited may all have gone before it fails.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
