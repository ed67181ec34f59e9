/** Elections: a lock whose fencing token is the term, with a way to watch who leads. */
import type { Caller } from './caller.js';
import { Lease } from './lease.js';
import { whileHeld } from './lease-keeping.js';
import { type LeaseGrant, type LeaseOptions, type LeaseResult, readLease, requestLease } from './lease-requests.js';
import { type LeaderChange, type ObserveOptions, observeLeader } from './observation.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

/** A leadership that this client was elected to. */
export class Leadership extends Lease {
  constructor(caller: Caller, grant: LeaseGrant) {
    super(caller, 'elections', grant);
  }

  /** Of two leaders the one with the greater term is the later one. */
  get term(): number {
    return this.fencingToken;
  }

  /** @throws CausewayApiError `fenced` if the leadership has ended before. */
  resign(options: CoordinationOptions = {}): Promise<Answer> {
    return this.give('resign', options);
  }
}

export class Elections {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Become the leader, or queue for it with `waitMs`. @throws CausewayApiError `lock-held` with the `owner` */
  async campaign(name: string, options: LeaseOptions): Promise<Leadership> {
    return new Leadership(this.#caller, await requestLease(this.#caller, 'elections', name, options));
  }

  /** Runs `task` as the leader, renewing the leadership; see `whileHeld` for what it throws. */
  async withLeadership<T>(
    name: string,
    options: LeaseOptions,
    task: (leadership: Leadership, signal: AbortSignal) => Promise<T> | T,
  ): Promise<T> {
    const leader = await this.campaign(name, options);
    return await whileHeld(this.#caller.core.runtime, leader, () => leader.resign(), task, options.signal);
  }

  /** Who leads. */
  get(name: string, options: CallOptions = {}): Promise<LeaseResult> {
    return readLease(this.#caller, 'elections', name, options);
  }

  /**
   * Who leads, now and at every change, until the loop is left or the signal aborts. Goes on at another replica when
   * one fails, and never back to an earlier term. Changes that follow each other quickly may be seen as one.
   */
  observe(name: string, options: ObserveOptions = {}): AsyncGenerator<LeaderChange, void, undefined> {
    return observeLeader(this.#caller, name, options);
  }
}
