/**
 * Failures as replicas describe them (`application/problem+json`, RFC 9457), and what to make of an answer that is not
 * from a replica at all: a proxy's error page says nothing of the contract, so it gets no benefit of the doubt.
 */
import type { MissingWrites, Outcome } from '../base/errors.js';
import type { Problem } from './api-error.js';
import type { Reply } from './attempt.js';
import { arrayAt, asObject, type JsonObject, numberAt, parseObject, stringAt } from './json.js';

/** Statuses by which whoever answers says that the same request may succeed later. */
const TRANSIENT: readonly number[] = [429, 502, 503, 504];

/** What a reply with a failing status says. `wallMs` is the time a `Retry-After` date counts from. */
export function problemOf(reply: Reply, wallMs: number): Problem {
  const { status, headers } = reply;
  const isProblem = headers.get('Content-Type')?.startsWith('application/problem+json') === true;
  const document: JsonObject = (isProblem ? parseObject(reply.bytes) : undefined) ?? {};
  const { etag, retryable } = document;
  const slug = slugOf(document);
  return {
    code: slug ?? `http-${status}`,
    status,
    title: stringAt(document, 'title') ?? `HTTP status ${status}`,
    detail: stringAt(document, 'detail') ?? '',
    outcome: outcomeOf(document, status, slug !== undefined),
    retryable: typeof retryable === 'boolean' ? retryable : TRANSIENT.includes(status),
    level: stringAt(document, 'level'),
    replica: stringAt(document, 'replica') ?? headers.get('Served-By') ?? undefined,
    missing: arrayAt(document, 'missing').flatMap(missingOf),
    etag: etag === null ? null : stringAt(document, 'etag'),
    owner: stringAt(document, 'owner'),
    keys: arrayAt(document, 'keys').filter((key) => typeof key === 'string'),
    remainingMs: numberAt(document, 'remainingMs'),
    served: arrayAt(document, 'served').filter((level) => typeof level === 'string'),
    retryAfterMs: parseRetryAfter(headers.get('Retry-After'), wallMs),
    token: headers.get('Causal-Token') ?? undefined,
  };
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, section 10.2.3); undefined if neither. */
export function parseRetryAfter(text: string | null, wallMs: number): number | undefined {
  if (text === null) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1000;
  // Each of the three date forms names a month; `Date.parse` alone would also take "-5" for a date.
  const at = /[A-Za-z]{3}/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}

/** The slug of the `type` member, which may be a whole URI that ends in it. */
function slugOf(document: JsonObject): string | undefined {
  const type = stringAt(document, 'type');
  if (type === undefined || type === '' || type === 'about:blank') return undefined;
  return type.slice(Math.max(type.lastIndexOf('/'), type.lastIndexOf('#'), type.lastIndexOf(':')) + 1) || undefined;
}

function outcomeOf(document: JsonObject, status: number, fromReplica: boolean): Outcome {
  const { outcome: stated } = document;
  if (stated === 'not-applied' || stated === 'unknown') return stated;
  // 503 promises "not applied" only where a replica says it; a gateway may have passed the request on before.
  if (status === 503 && fromReplica) return 'not-applied';
  return status >= 500 ? 'unknown' : 'not-applied';
}

function missingOf(value: unknown): MissingWrites[] {
  const entry = asObject(value) ?? {};
  const origin = stringAt(entry, 'origin');
  const have = numberAt(entry, 'have');
  const need = numberAt(entry, 'need');
  return origin === undefined || have === undefined || need === undefined ? [] : [{ origin, have, need }];
}
