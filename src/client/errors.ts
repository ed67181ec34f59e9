/**
 * Everything a call can reject with, besides the reason of the caller's own `AbortSignal`. Each error says whether the
 * call may have taken effect - over all its attempts, not just the last - and whether calling again can help.
 */
import type { Outcome } from '../base/errors.js';

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

/** A lease ended before the work done under it: another client may hold the lock or lead by now. */
export class LeaseLostError extends CausewayClientError {
  override readonly name = 'LeaseLostError';
  readonly code = 'lease-lost';
  /** Of the lock or election. */
  readonly lease: string;
  readonly fencingToken: number;

  constructor(lease: string, fencingToken: number, cause: unknown) {
    super(`the lease of ${JSON.stringify(lease)} under fencing token ${fencingToken} was lost`, {
      outcome: 'unknown',
      retryable: false,
      cause,
    });
    this.lease = lease;
    this.fencingToken = fencingToken;
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
