/**
 * Whether a failed request is sent again, and to whom: decisions as pure functions of the failure and the request.
 *
 * The rule behind all of them: a write that may have been applied is repeated only where the repetition is recognised
 * as one. Under its `Idempotency-Key` every replica does so: the outcome of a linearizable write is in the replicated
 * log, and a weaker write that two replicas applied before they heard of each other counts as one write everywhere.
 */
import type { Outcome } from '../base/errors.js';
import type { Problem } from './api-error.js';
import { durationMs, positive } from './arguments.js';
import type { ApiRequest, Breakdown } from './attempt.js';
import type { RetryOptions } from './types.js';

/** Why an attempt did not give the caller what was asked for. */
export type Failure = Breakdown | { readonly kind: 'refused'; readonly problem: Problem };

/** Where the next attempt may go. */
export type Retriable = 'nowhere' | 'same-replica' | 'any-replica';

export interface RetryPolicy {
  readonly attempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

const NO_RETRY: RetryPolicy = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };

export function retryPolicy(options: RetryOptions | false | undefined): RetryPolicy {
  if (options === false) return NO_RETRY;
  return {
    attempts: positive('retry.attempts', options?.attempts ?? 10),
    baseDelayMs: durationMs('retry.baseDelayMs', options?.baseDelayMs ?? 50),
    maxDelayMs: durationMs('retry.maxDelayMs', options?.maxDelayMs ?? 2_000),
  };
}

export function retriable(failure: Failure, request: ApiRequest): Retriable {
  switch (failure.kind) {
    case 'unreachable':
      return 'any-replica';
    case 'broken':
    case 'silent':
      return afterUnknown(request);
    case 'oversized':
      return 'nowhere';
    case 'refused':
      return afterRefusal(failure.problem, request);
  }
}

/** What a failure leaves open. Nothing a read does is ever applied. */
export function outcomeOf(failure: Failure, request: ApiRequest): Outcome {
  if (request.effect === 'read' || failure.kind === 'unreachable') return 'not-applied';
  return failure.kind === 'refused' ? failure.problem.outcome : 'unknown';
}

/** Capped exponential backoff with full jitter: uniform between zero and the cap of this attempt (1 = the first). */
export function backoffMs(attempt: number, policy: RetryPolicy, random: number): number {
  return random * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** Math.min(attempt - 1, 30));
}

function afterRefusal(problem: Problem, request: ApiRequest): Retriable {
  // The first attempt of this very call is still at work there; only that replica will know how it ends.
  if (problem.code === 'idempotency-in-progress') return 'same-replica';
  if (problem.status !== 429 && problem.status !== 502 && problem.status !== 503 && problem.status !== 504) {
    return 'nowhere';
  }
  return problem.outcome === 'not-applied' ? 'any-replica' : afterUnknown(request);
}

function afterUnknown(request: ApiRequest): Retriable {
  if (request.effect !== 'write') return 'any-replica';
  return request.idempotencyKey === undefined ? 'nowhere' : 'any-replica';
}
