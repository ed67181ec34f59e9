/**
 * Whatever went wrong in a command, as one sentence, advice, a problem document for `-o json`, and an exit code. What
 * is not known here is a bug and is not caught.
 */
import { CausewayError, ERRORS, type ErrorCode } from '../base/errors.js';
import { CausewayApiError } from '../client/api-error.js';
import { CausewayClientError, LeaseLostError } from '../client/errors.js';
import { type HttpAnswer, jsonOf, NoAnswer, textOf } from '../lab/http-call.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** A replica answered with an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** A command ended without its result for a reason that is neither a refusal nor a coded error. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exit: ExitCode;
  readonly advice: string;

  constructor(message: string, advice: string, exit: ExitCode = EXIT.failed) {
    super(message);
    this.exit = exit;
    this.advice = advice;
  }
}

export interface Failure {
  readonly exit: ExitCode;
  readonly sentence: string;
  readonly advice: string;
  /** As `application/problem+json` has it. */
  readonly problem: Readonly<Record<string, unknown>>;
}

/** How to report `error`; `undefined` if it is none that a command expects. */
export function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof Refusal) return describeRefusal(error.answer);
  if (error instanceof NoAnswer) return describeNoAnswer(error);
  if (error instanceof CausewayError) return describeCoded(error);
  if (error instanceof CausewayClientError) return describeClient(error);
  if (error instanceof CommandFailure) {
    return failure(error.exit, error.message, error.advice, { title: 'Command failed' });
  }
  return undefined;
}

/** How an answer's status maps to the exit code: a condition that did not hold, no service now, misuse, or failure. */
export function exitOfStatus(status: number, slug: string): ExitCode {
  if (status === 412 || (status === 409 && slug !== 'idempotency-in-progress')) return EXIT.precondition;
  if (status === 429 || status === 503 || status === 504 || slug === 'idempotency-in-progress') return EXIT.unavailable;
  if (status === 400 && slug !== 'level-not-offered') return EXIT.usage;
  return EXIT.failed;
}

function describeRefusal(answer: HttpAnswer): Failure {
  const body = jsonOf(answer);
  const problem: Readonly<Record<string, unknown>> = isRecord(body)
    ? body
    : { title: `HTTP ${answer.status}`, status: answer.status, detail: textOf(answer).slice(0, 200) };
  const slug = slugOf(problem);
  const sentence = [problem['title'], problem['detail']].filter((part) => typeof part === 'string' && part !== '');
  return {
    exit: exitOfStatus(answer.status, slug),
    sentence: sentence.join(': '),
    advice: isCode(slug) ? ERRORS[slug].advice : '',
    problem,
  };
}

function describeNoAnswer(error: NoAnswer): Failure {
  const advice = error.sent
    ? 'The request may have been carried out; read to find out, or repeat it with the same --idempotency-key.'
    : 'Start a cluster with `causeway lab`, or name a replica that runs with --url.';
  return failure(EXIT.unavailable, error.message, advice, {
    title: 'No answer',
    outcome: error.sent ? 'unknown' : 'not-applied',
    retryable: true,
  });
}

function describeCoded(error: CausewayError): Failure {
  const { title, advice, status, retryable, outcome } = error.entry;
  const misuse = error.code === 'invalid-config';
  const exit = misuse || error.code === 'invalid-history' ? EXIT.usage : exitOfStatus(status, error.code);
  // A wrong flag already says what to write instead.
  const sentence = misuse ? error.message : `${title}: ${error.message}`;
  return failure(exit, sentence, misuse ? '' : advice, {
    type: `urn:causeway:error:${error.code}`,
    title,
    retryable,
    outcome,
    ...error.facts,
  });
}

/** What the client library says, by its own retries wiser than one request. */
function describeClient(error: CausewayClientError): Failure {
  const { code, outcome, retryable } = error;
  const members = { type: `urn:causeway:error:${code}`, title: 'Call failed', outcome, retryable };
  if (error instanceof CausewayApiError) {
    const { status, owner, etag, remainingMs } = error;
    const facts = { ...members, status, owner, etag, remainingMs };
    return failure(exitOfStatus(status, code), error.message, isCode(code) ? ERRORS[code].advice : '', facts);
  }
  if (error instanceof LeaseLostError) {
    const advice = 'Another holder may be at work by now; what carried the fencing token was refused from then on.';
    return failure(EXIT.precondition, error.message, advice, members);
  }
  const exit = code === 'invalid-argument' ? EXIT.usage : retryable ? EXIT.unavailable : EXIT.failed;
  return failure(exit, error.message, '', members);
}

function failure(exit: ExitCode, detail: string, advice: string, members: Readonly<Record<string, unknown>>): Failure {
  return { exit, sentence: detail, advice, problem: { type: 'about:blank', ...members, detail } };
}

function slugOf(problem: Readonly<Record<string, unknown>>): string {
  return typeof problem['type'] === 'string' ? (/[a-z-]+$/.exec(problem['type'])?.[0] ?? '') : '';
}

function isCode(slug: string): slug is ErrorCode {
  return Object.hasOwn(ERRORS, slug);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
