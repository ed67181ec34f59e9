/** The way of one call through the replicas: whom to ask, for how long, and how long to wait before. */
import { LIMITS } from '../base/limits.js';
import { baseUrl, durationMs } from './arguments.js';
import type { ApiRequest } from './attempt.js';
import type { ClientCore } from './core.js';
import { nextCandidate } from './endpoints.js';
import { backoffMs, type Failure, retriable } from './retry.js';
import type { CallOptions } from './types.js';

export class Route {
  /** The replica to ask now. */
  url: string;
  readonly #core: ClientCore;
  readonly #request: ApiRequest;
  readonly #deadlineMs: number;
  #urls: readonly string[];
  #attempts = 0;
  #fullBudget = true;
  readonly #tries = new Map<string, number>();
  readonly #holdUntilMs = new Map<string, number>();

  constructor(core: ClientCore, request: ApiRequest, options: CallOptions) {
    this.#core = core;
    this.#request = request;
    this.#deadlineMs =
      core.runtime.nowMs() +
      (options.timeoutMs === undefined ? core.timeoutMs : durationMs('timeoutMs', options.timeoutMs)) +
      (request.waitMs ?? 0);
    this.#urls = options.url === undefined ? core.endpoints.urls : [baseUrl(options.url)];
    this.url = this.#choose();
  }

  /** Times of the attempt that begins now: until the client gives up, and what the replica may take of it. */
  budget(): { readonly budgetMs: number; readonly replicaMs: number } {
    const { attemptTimeoutMs, runtime } = this.#core;
    const leftMs = Math.max(1, this.#deadlineMs - runtime.nowMs());
    const wholeMs = attemptTimeoutMs + (this.#request.waitMs ?? 0);
    this.#fullBudget = leftMs >= wholeMs;
    return { budgetMs: Math.min(leftMs, wholeMs), replicaMs: replicaBudgetMs(Math.min(leftMs, attemptTimeoutMs)) };
  }

  /** Choose the replica after `failure`; the pause before it is asked, or undefined if the call has failed. */
  turnTo(failure: Failure): number | undefined {
    const { runtime, policy, endpoints } = this.#core;
    const nowMs = runtime.nowMs();
    this.#attempts += 1;
    this.#tries.set(this.url, (this.#tries.get(this.url) ?? 0) + 1);
    // A replica that was given less than its time is not to blame for its silence.
    if (failure.kind !== 'silent' || this.#fullBudget) endpoints.failed(this.url, this.#request.level, failure, nowMs);
    if (failure.kind === 'refused') this.#holdUntilMs.set(this.url, nowMs + (failure.problem.retryAfterMs ?? 0));
    const where = retriable(failure, this.#request);
    if (where === 'nowhere' || this.#attempts >= policy.attempts) return undefined;
    if (where === 'same-replica') this.#urls = [this.url];
    this.url = this.#choose();
    const holdMs = (this.#holdUntilMs.get(this.url) ?? 0) - nowMs;
    const pauseMs = this.#mayHurry(failure) ? 0 : Math.max(backoffMs(this.#attempts, policy, runtime.random()), holdMs);
    return nowMs + pauseMs < this.#deadlineMs ? pauseMs : undefined;
  }

  /** Nothing is gained by a pause where only the replica was the wrong one and the next was not asked yet. */
  #mayHurry(failure: Failure): boolean {
    const isElsewhere = !this.#tries.has(this.url);
    return isElsewhere && (failure.kind === 'unreachable' || isAloneWithIt(failure));
  }

  #choose(): string {
    const nowMs = this.#core.runtime.nowMs();
    const candidates = this.#urls.map((url) => ({
      url,
      tries: this.#tries.get(url) ?? 0,
      holdUntilMs: this.#holdUntilMs.get(url) ?? 0,
      avoided: this.#core.endpoints.isAvoided(url, this.#request.level, nowMs),
    }));
    return nextCandidate(candidates, nowMs)?.url ?? this.url;
  }
}

/** The replica is cut off or going down; its cluster may be well. */
function isAloneWithIt(failure: Failure): boolean {
  if (failure.kind !== 'refused') return false;
  return failure.problem.code === 'no-quorum' || failure.problem.code === 'shutting-down';
}

/** The replica gives up a little before the client does, so that its reason arrives rather than a silence. */
function replicaBudgetMs(budgetMs: number): number {
  return Math.min(LIMITS.timeoutMaxMs, Math.max(1, Math.floor(budgetMs * 0.9)));
}
