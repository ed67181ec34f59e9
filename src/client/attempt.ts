/**
 * One HTTP request to one replica, with what can become of it as a value. Knows nothing of retries, tokens or what the
 * bodies mean.
 */
import { InvalidArgumentError } from './errors.js';
import type { Runtime } from './runtime.js';
import type { Level } from './types.js';

export interface RequestBody {
  readonly contentType: string;
  /** The client's own copy: every attempt of a call sends the same bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One logical request, whichever replica it goes to. */
export interface ApiRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** From `/v1/…` on, query included. */
  readonly path: string;
  /** Undefined for what has no level: status and faults. */
  readonly level: Level | undefined;
  /** A `setting` changes something, but twice is the same as once: like a read, it can always be repeated. */
  readonly effect: 'read' | 'setting' | 'write';
  readonly idempotencyKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: RequestBody | undefined;
  /** A `not-found` problem is an answer, not a failure. */
  readonly mayBeAbsent?: boolean;
  /** The replica may hold the request back for this long because that was asked for: the wait for a lock. */
  readonly waitMs?: number | undefined;
}

/** A whole response, body read. */
export interface Reply {
  readonly kind: 'reply';
  readonly url: string;
  readonly request: ApiRequest;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Why there is no whole response. */
export type Breakdown =
  /** No connection came about, so nothing was sent. */
  | { readonly kind: 'unreachable'; readonly cause: unknown }
  /** Something may have been sent. */
  | { readonly kind: 'broken'; readonly cause: unknown }
  /** Nothing came back within the time of the attempt. */
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'oversized'; readonly maxBytes: number };

export interface AttemptTerms {
  readonly url: string;
  readonly budgetMs: number;
  /** What the replica is told to take at most, besides `waitMs` of the request. */
  readonly replicaMs: number;
  readonly maxResponseBytes: number;
  readonly bearer: string | undefined;
  readonly causalToken: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @throws the reason of `terms.signal` once that is aborted; InvalidArgumentError if a header cannot be sent. */
export async function attempt(runtime: Runtime, request: ApiRequest, terms: AttemptTerms): Promise<Reply | Breakdown> {
  return await within(terms, async (signal) => {
    const response = await send(runtime, request, terms, signal);
    return await replyOf(response, request, terms);
  });
}

/** Sends the request; resolves when the headers of the answer are there. */
export function send(
  runtime: Runtime,
  request: ApiRequest,
  terms: AttemptTerms,
  signal: AbortSignal,
): Promise<Response> {
  const init: RequestInit & { readonly cache: 'no-store' } = {
    method: request.method,
    headers: headersOf(request, terms),
    // A cached answer would be older than the token that asks for it.
    cache: 'no-store',
    redirect: 'manual',
    signal,
    ...(request.body === undefined ? {} : { body: request.body.bytes }),
  };
  return runtime.fetch(`${terms.url}${request.path}`, init);
}

/** The whole answer, body read. */
export async function replyOf(
  response: Response,
  request: ApiRequest,
  { url, maxResponseBytes }: AttemptTerms,
): Promise<Reply | Breakdown> {
  const bytes = await readBody(response, maxResponseBytes);
  if (bytes === undefined) return { kind: 'oversized', maxBytes: maxResponseBytes };
  return { kind: 'reply', url, request, status: response.status, headers: response.headers, bytes };
}

/** Runs `exchange` within the time of the attempt; what goes wrong on the wire becomes a value. */
export async function within<T>(
  terms: AttemptTerms,
  exchange: (signal: AbortSignal) => Promise<T | Breakdown>,
): Promise<T | Breakdown> {
  const { signal } = terms;
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, terms.budgetMs);
  const onAbort = (): void => controller.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return await exchange(controller.signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof InvalidArgumentError) throw cause;
    if (late) return { kind: 'silent', afterMs: terms.budgetMs };
    return neverConnected(cause) ? { kind: 'unreachable', cause } : { kind: 'broken', cause };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function headersOf(request: ApiRequest, terms: AttemptTerms): Headers {
  const values: Readonly<Record<string, string | undefined>> = {
    ...request.headers,
    'Content-Type': request.body?.contentType,
    'Consistency-Level': request.level && `${request.level};timeout=${terms.replicaMs}`,
    'Causal-Token': terms.causalToken,
    'Idempotency-Key': request.idempotencyKey,
    Authorization: terms.bearer && `Bearer ${terms.bearer}`,
  };
  const headers = new Headers();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    try {
      headers.set(name, value);
    } catch (cause) {
      throw new InvalidArgumentError(`${name} cannot carry ${JSON.stringify(value)}`, cause);
    }
  }
  return headers;
}

/** The body, or undefined if it is over the limit; then the rest is discarded and the connection given up. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatenate(chunks, length);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Node says in the cause of a failed `fetch` which system call failed; browsers say nothing, and what is not known to
 * have failed before sending may have been sent.
 */
function neverConnected(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  if (typeof cause !== 'object' || cause === null) return false;
  const { code, syscall, errors } = cause as { code?: unknown; syscall?: unknown; errors?: unknown };
  // One error for each address of a host name that was tried.
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => neverConnected({ cause: each }));
  return syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
}
