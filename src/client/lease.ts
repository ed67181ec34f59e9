/**
 * Leases: locks and leaderships. A lease ends by itself when it is not renewed, and its holder may be the last to learn
 * of that; what protects the data is the fencing token, not the holder's belief. Here is the belief, kept on the safe
 * side: a lease counts from the moment its request was sent, replicas count from when they carried it out.
 */
import { answerOf } from './answers.js';
import type { Caller } from './caller.js';
import { type LeaseGrant, type LeaseSpace, leaseCall } from './lease-requests.js';
import type { Answer, CoordinationOptions, Fence } from './types.js';

/** A lock or leadership that this client was given. */
export class Lease implements Fence {
  readonly name: string;
  readonly owner: string;
  /** Greater than all tokens before it; writes that carry it are refused once it is not current. */
  readonly fencingToken: number;
  readonly ttlMs: number;
  readonly #caller: Caller;
  readonly #space: LeaseSpace;
  #untilMs: number;

  constructor(caller: Caller, space: LeaseSpace, grant: LeaseGrant) {
    this.#caller = caller;
    this.#space = space;
    this.name = grant.name;
    this.owner = grant.owner;
    this.fencingToken = grant.fencingToken;
    this.ttlMs = grant.ttlMs;
    this.#untilMs = grant.sinceMs + grant.ttlMs;
  }

  /**
   * For how long the lease lasts at the least, in milliseconds; 0 if it may be over. After a wait in the queue this
   * knows only when the wait began: `renew` to be sure.
   */
  get remainingMs(): number {
    return Math.max(0, this.#untilMs - this.#caller.core.runtime.nowMs());
  }

  /** The whole time to live from now. @throws CausewayApiError `fenced` if the lease has ended. */
  async renew(options: CoordinationOptions = {}): Promise<void> {
    const sentMs = this.#caller.core.runtime.nowMs();
    // Of one token, and so the same when done twice.
    await this.#caller.set(leaseCall(this.#space, this.name, 'renew', { fencingToken: this.fencingToken }), options);
    this.#untilMs = Math.max(this.#untilMs, sentMs + this.ttlMs);
  }

  /** End it now. @throws CausewayApiError `fenced` if it has ended before. */
  protected async give(verb: 'release' | 'resign', options: CoordinationOptions): Promise<Answer> {
    const call = leaseCall(this.#space, this.name, verb, { fencingToken: this.fencingToken });
    const answer = answerOf(await this.#caller.write(call, options));
    this.#untilMs = Number.NEGATIVE_INFINITY;
    return answer;
  }
}
