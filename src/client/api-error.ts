/** What replicas refuse, and why: problem documents (RFC 9457) and the error they become. */
import type { ErrorCode, MissingWrites, Outcome } from '../base/errors.js';
import { CausewayClientError, type ErrorBasis } from './errors.js';

/** The request was answered with a failure. */
export class CausewayApiError extends CausewayClientError {
  override readonly name = 'CausewayApiError';
  /** Slug of the contract, or `http-<status>` where something else than a replica answered. */
  readonly code: ErrorCode | (string & {});
  readonly status: number;
  readonly detail: string;
  readonly level: string | undefined;
  readonly replica: string | undefined;
  /** Writes that a causal request waited for in vain. */
  readonly missing: readonly MissingWrites[];
  /** Etag the key has now, where a precondition failed; null if the key is absent. */
  readonly etag: string | null | undefined;
  /** Who has what was asked for: the owner of a claim or lock, the key that holds a unique value. */
  readonly owner: string | undefined;
  /** Keys that stand in the way, the first few. */
  readonly keys: readonly string[];
  /** How long the holder of a lock has left, as far as the replica can tell. */
  readonly remainingMs: number | undefined;
  /** Levels that would succeed now. */
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
    this.keys = problem.keys;
    this.remainingMs = problem.remainingMs;
    this.served = problem.served;
    this.retryAfterMs = problem.retryAfterMs;
    this.token = problem.token;
  }
}

/** What a replica said in its problem document, or what stands in for it if there was none. */
export interface Problem extends Omit<CausewayApiError, keyof CausewayClientError> {
  readonly code: CausewayApiError['code'];
  readonly title: string;
  /** Of the one request this problem answers. */
  readonly outcome: Outcome;
  readonly retryable: boolean;
}

/** Whether a call was refused for one of these reasons, e.g. `isRefusal(error, 'lock-held')`. */
export function isRefusal(error: unknown, ...codes: readonly ErrorCode[]): error is CausewayApiError {
  return error instanceof CausewayApiError && (codes as readonly string[]).includes(error.code);
}
