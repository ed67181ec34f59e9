/**
 * Failures as `application/problem+json` (RFC 9457), every one of them: the registry's, the framework's under the
 * registry's codes, and bugs as `internal-error` without a word of what is inside.
 */
import { CausewayError, ERRORS, type ErrorCode } from '../base/errors.js';
import type { Answer, Exchange } from './exchange.js';
import type { Problem } from './schemas.js';

const PROBLEM_TYPE = 'application/problem+json';
const URN = 'urn:causeway:error:';

/** What the framework calls its refusals, and what they are here: code and detail. */
const FRAMEWORK_REFUSALS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['value-too-large', 'The body is longer than this route takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'The Content-Type is none that this route takes.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-request', 'The body has not the length that Content-Length says.'],
  FST_ERR_BAD_URL: ['invalid-request', 'The path is not percent-encoded UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['invalid-request', 'A part of the path is longer than any name here.'],
};

interface FrameworkError {
  readonly code: string;
  readonly statusCode: number;
  readonly message: string;
}

/** The failure as one of the registry; undefined if it is none that anybody foresaw. */
export function codedError(error: unknown): CausewayError | undefined {
  if (error instanceof CausewayError) return error.entry.status === 0 ? undefined : error;
  if (!isFrameworkError(error) || error.statusCode < 400 || error.statusCode >= 500) return undefined;
  const [code, detail] = FRAMEWORK_REFUSALS[error.code] ?? ['invalid-request', error.message];
  return new CausewayError(code, detail);
}

export function internalError(): CausewayError {
  return new CausewayError('internal-error', 'The replica met a condition it was not written for.');
}

/** The answer that reports `error`; `extraHeaders` are names and values in turn. */
export function problemAnswer(
  exchange: Exchange,
  error: CausewayError,
  extraMembers: Readonly<Record<string, unknown>> = {},
  extraHeaders: readonly string[] = [],
): Answer {
  const { entry, facts } = error;
  const headers = ['Content-Type', PROBLEM_TYPE, 'Cache-Control', 'no-store', ...extraHeaders];
  if (entry.retryable) headers.push('Retry-After', String(Math.ceil(facts.retryAfterSeconds ?? 1)));
  if (entry.status === ERRORS.unauthorized.status) headers.push('WWW-Authenticate', 'Bearer realm="causeway"');
  const problem = problemDocument(error, exchange.service.replica.id, exchange.askedLevel);
  return { status: entry.status, headers, body: JSON.stringify({ ...problem, ...extraMembers }) };
}

/** A whole HTTP/1.1 message, for a connection on which no request could be read. */
export function problemMessage(error: CausewayError, replica: string, token: string): string {
  const { status, title } = error.entry;
  const body = JSON.stringify(problemDocument(error, replica, undefined));
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Causal-Token: ${token}`,
    `Served-By: ${replica}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function problemDocument(error: CausewayError, replica: string, level: string | undefined): Problem {
  const { entry, facts } = error;
  const { retryAfterSeconds: _header, ...members } = facts;
  return {
    type: `${URN}${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: error.message,
    ...(level === undefined ? {} : { level }),
    replica,
    retryable: entry.retryable,
    outcome: entry.outcome,
    ...members,
  };
}

function isFrameworkError(error: unknown): error is FrameworkError {
  if (!(error instanceof Error)) return false;
  const { code, statusCode } = error as Partial<FrameworkError>;
  return typeof code === 'string' && typeof statusCode === 'number';
}
