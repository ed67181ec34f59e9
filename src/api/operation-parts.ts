/** The pieces that descriptions of routes are made of. */
import { ERRORS, type ErrorCode } from '../base/errors.js';

/** A description in the form that the framework's OpenAPI plugin reads. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly params?: unknown;
  readonly querystring?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly response: Readonly<Record<string, unknown>>;
}

export const header = (description: string) => ({ type: 'string', description }) as const;

export const consistency = {
  'consistency-level': header('eventual, causal or linearizable, with ;timeout=<ms>'),
  'causal-token': header('The token of an earlier response: the request observes everything it names'),
} as const;
/** What makes a write safe to repeat, and keeps out who has lost a lock. */
export const guardHeaders = {
  'idempotency-key': header('1-128 visible characters; a retry with the same key is applied at most once'),
  'fencing-token': header('<lock>=<n>: refused unless the lock is held under this token'),
} as const;
export const consistencyParameter = header('Alias of the Consistency-Level header');

export const json = (description: string, schema: unknown) => ({
  description,
  content: { 'application/json': { schema } },
});
export const plain = (description: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' } } },
});
export const nothing = (description: string) => ({ description, type: 'null' });

/** The responses for failures, by status; codes that share one are listed together. */
export function problems(...codes: readonly ErrorCode[]): Record<string, unknown> {
  const common: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'overloaded', 'shutting-down', 'internal-error'];
  const responses: Record<string, { description: string; content: unknown }> = {};
  for (const code of [...codes, ...common]) {
    const { status } = ERRORS[code];
    const known = responses[status];
    const description = known === undefined ? code : `${known.description}, ${code}`;
    responses[status] = { description, content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } };
  }
  return responses;
}

export const readProblems: readonly ErrorCode[] = [
  'invalid-consistency-level',
  'invalid-causal-token',
  'invalid-request',
  'level-not-offered',
  'causal-wait-timeout',
  'no-quorum',
];
/** What may become of anything that is written, at whatever level. */
export const writeProblems: readonly ErrorCode[] = [
  ...readProblems,
  'fenced',
  'idempotency-in-progress',
  'idempotency-key-reused',
  'value-too-large',
  'outcome-unknown',
];
