/** One request of a workload over kept connections, and what may be concluded from its answer. No retries. */
import { Pool } from 'undici';
import type { Status } from '../../check/history/record.js';

export interface Target {
  readonly id: string;
  readonly url: string;
}

export interface Sent {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: Status;
  /** A refusal that the same request will meet again: it is not worth repeating. */
  readonly isForGood: boolean;
  /** The HTTP status; 0 if no answer came. */
  readonly code: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What sends the requests of clients; a test may stand between. */
export interface Requests {
  /** Never rejects: what goes wrong with a connection is a status, too. */
  send(target: Target, sent: Sent): Promise<Answered>;
}

export interface RequestPoolOptions {
  /** To each replica; as many as clients, so that no request waits for another's answer. `null` = as many as it takes. */
  readonly connections: number | null;
  /** An answer that takes longer is none. To be longer than what the requests themselves allow. */
  readonly answerTimeoutMs: number;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** Connections to replicas, shared by the clients of one workload. */
export class RequestPool implements Requests {
  readonly #options: RequestPoolOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: RequestPoolOptions) {
    this.#options = options;
  }

  async send({ url }: Target, { method, path, headers = {}, body }: Sent): Promise<Answered> {
    try {
      const answer = await this.#to(url).request({ method, path, headers, ...(body === undefined ? {} : { body }) });
      const text = await answer.body.text();
      const code = answer.statusCode;
      return { ...outcomeOf(code, text), code, headers: singleValued(answer.headers), text };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return { status: NEVER_SENT.has(code) ? 'fail' : 'info', isForGood: false, code: 0, headers: {}, text: code };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #to(url: string): Pool {
    const known = this.#pools.get(url);
    if (known !== undefined) return known;
    const { connections, answerTimeoutMs } = this.#options;
    const limits = { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs, connectTimeout: answerTimeoutMs };
    const pool = new Pool(url, { connections, pipelining: 1, ...limits });
    this.#pools.set(url, pool);
    return pool;
  }
}

/** Every problem says itself whether the request was applied; what says nothing may have been. */
function outcomeOf(code: number, text: string): Pick<Answered, 'status' | 'isForGood'> {
  if (code < 300) return { status: 'ok', isForGood: false };
  const problem = parsed(text) as { readonly outcome?: unknown; readonly retryable?: unknown } | null | undefined;
  return {
    status: problem?.outcome === 'not-applied' ? 'fail' : 'info',
    isForGood: problem?.retryable === false,
  };
}

/** `undefined` if it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function singleValued(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}
