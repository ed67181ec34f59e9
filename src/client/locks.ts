/** Locks: one holder at a time, known by a fencing token that only grows, until its lease ends. */
import type { Caller } from './caller.js';
import { Lease } from './lease.js';
import { whileHeld } from './lease-keeping.js';
import { type LeaseGrant, type LeaseOptions, type LeaseResult, readLease, requestLease } from './lease-requests.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

/** A lock that this client was given. It may be passed as one of the `fences` of a write. */
export class Lock extends Lease {
  constructor(caller: Caller, grant: LeaseGrant) {
    super(caller, 'locks', grant);
  }

  /** @throws CausewayApiError `fenced` if the lease has ended before. */
  release(options: CoordinationOptions = {}): Promise<Answer> {
    return this.give('release', options);
  }
}

export class Locks {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * A call whose answer is lost is repeated under its idempotency key and gets the lock that the first attempt got. If
   * it fails with an unknown outcome, the lock may be held by nobody's knowledge until its time is over.
   * @throws CausewayApiError `lock-held` with `owner` and `remainingMs`
   */
  async acquire(name: string, options: LeaseOptions): Promise<Lock> {
    return new Lock(this.#caller, await requestLease(this.#caller, 'locks', name, options));
  }

  /** Runs `task` under the lock, renewing it; see `whileHeld` for what it throws. */
  async withLock<T>(
    name: string,
    options: LeaseOptions,
    task: (lock: Lock, signal: AbortSignal) => Promise<T> | T,
  ): Promise<T> {
    const lock = await this.acquire(name, options);
    return await whileHeld(this.#caller.core.runtime, lock, () => lock.release(), task, options.signal);
  }

  /** Who has it. */
  get(name: string, options: CallOptions = {}): Promise<LeaseResult> {
    return readLease(this.#caller, 'locks', name, options);
  }
}
