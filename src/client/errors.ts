/**
 * Everything a call can reject with, besides the reason of the caller's own `AbortSignal`. Each error says whether the
 * call may have taken effect - over all its attempts, not just the last - and whether calling again can help.
 */
import type { ErrorCode, MissingWrites, Outcome } from '../base/errors.js';

export interface ErrorBasis {
  readonly outcome: Outcome;
  readonly retryable: boolean;
  /** The replica that was asked last; undefined if none was. */
  readonly url?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly cause?: unknown;
}

export abstract class CausewayClientError extends Error {
  /** A slug of the contract, or one of the client's own: tells errors apart without `instanceof`. */
  abstract readonly code: string;
  /** `not-applied` is certain, `unknown` is a "maybe". Reads are never applied. */
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly url: string | undefined;
  /** What a write was sent with: the same call with this key settles an unknown outcome. */
  readonly idempotencyKey: string | undefined;

  constructor(message: string, basis: ErrorBasis) {
    super(message, basis.cause === undefined ? undefined : { cause: basis.cause });
    this.outcome = basis.outcome;
    this.retryable = basis.retryable;
    this.url = basis.url;
    this.idempotencyKey = basis.idempotencyKey;
  }
}

/** What a replica said in its problem document (RFC 9457), or what stands in for it if there was none. */
export interface Problem {
  /** Slug of the contract, or `http-<status>` where something else than a replica answered. */
  readonly code: ErrorCode | (string & {});
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Of the one request this problem answers. */
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly level: string | undefined;
  readonly replica: string | undefined;
  /** Writes that a causal request waited for in vain. */
  readonly missing: readonly MissingWrites[];
  /** Etag the key has now, where a precondition failed; null if the key is absent. */
  readonly etag: string | null | undefined;
  readonly owner: string | undefined;
  /** Levels that would succeed now. */
  readonly served: readonly string[];
  readonly retryAfterMs: number | undefined;
  readonly token: string | undefined;
}

/** The request was answered with a failure. */
export class CausewayApiError extends CausewayClientError {
  override readonly name = 'CausewayApiError';
  readonly code: Problem['code'];
  readonly status: number;
  readonly detail: string;
  readonly level: string | undefined;
  readonly replica: string | undefined;
  readonly missing: readonly MissingWrites[];
  readonly etag: string | null | undefined;
  readonly owner: string | undefined;
  readonly served: readonly string[];
  readonly retryAfterMs: number | undefined;
  readonly token: string | undefined;

  constructor(problem: Problem, basis: ErrorBasis) {
    super(`${problem.code}: ${problem.detail === '' ? problem.title : problem.detail}`, basis);
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.level = problem.level;
    this.replica = problem.replica;
    this.missing = problem.missing;
    this.etag = problem.etag;
    this.owner = problem.owner;
    this.served = problem.served;
    this.retryAfterMs = problem.retryAfterMs;
    this.token = problem.token;
  }
}

/** No whole answer came back: refused, reset, or cut in the middle of a body. */
export class ConnectionError extends CausewayClientError {
  override readonly name = 'ConnectionError';
  readonly code = 'connection-failed';
}

/** Nobody answered in time. `cause` is the error of the attempt before, if there was one. */
export class TimeoutError extends CausewayClientError {
  override readonly name = 'TimeoutError';
  readonly code = 'timeout';
}

/** The answer is not what the contract says. */
export class ProtocolError extends CausewayClientError {
  override readonly name = 'ProtocolError';
  readonly code = 'protocol-violation';
}

/** The call itself is wrong; nothing was sent. */
export class InvalidArgumentError extends CausewayClientError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'invalid-argument';

  constructor(message: string, cause?: unknown) {
    super(message, { outcome: 'not-applied', retryable: false, cause });
  }
}

export interface FanOutFailure {
  readonly url: string;
  readonly error: unknown;
}

/** Some replicas did not follow an instruction that was meant for all of them. The others did. */
export class FanOutError extends CausewayClientError {
  override readonly name = 'FanOutError';
  readonly code = 'fan-out-incomplete';
  readonly reached: readonly string[];
  readonly failed: readonly FanOutFailure[];

  constructor(reached: readonly string[], failed: readonly FanOutFailure[]) {
    const reasons = failed.map(({ url, error }) => `${url}: ${error instanceof Error ? error.message : String(error)}`);
    super(`${failed.length} of ${reached.length + failed.length} replicas did not follow (${reasons.join('; ')})`, {
      outcome: 'unknown',
      retryable: true,
      cause: failed[0]?.error,
    });
    this.reached = reached;
    this.failed = failed;
  }
}
