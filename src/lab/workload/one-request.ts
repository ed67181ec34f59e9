/** One request of a workload over kept connections, and what may be concluded from its answer. No retries. */
import { Pool } from 'undici';

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

/** `fail`: certainly not applied. `info`: perhaps. */
export type Status = 'ok' | 'fail' | 'info';

export interface Answered {
  readonly status: Status;
  /** 0 if no answer came. */
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** Connections to all replicas, shared by the clients of one workload. */
export class Requests {
  readonly #pools: ReadonlyMap<string, Pool>;

  constructor(targets: readonly Target[], connections: number, answerTimeoutMs: number) {
    const options = { connections, pipelining: 1, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs };
    this.#pools = new Map(targets.map(({ id, url }) => [id, new Pool(url, options)]));
  }

  async send(replica: string, { method, path, headers = {}, body }: Sent): Promise<Answered> {
    const pool = this.#pools.get(replica);
    if (pool === undefined) throw new RangeError(`no replica ${replica}`);
    try {
      const answer = await pool.request({ method, path, headers, ...(body === undefined ? {} : { body }) });
      const text = await answer.body.text();
      const code = answer.statusCode;
      return { status: statusOf(code, text), code, headers: flat(answer.headers), text };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      return { status: NEVER_SENT.has(code) ? 'fail' : 'info', code: 0, headers: {}, text: code };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}

/** 2xx and the absence of a key are results; every problem says itself whether the request was applied. */
function statusOf(code: number, text: string): Status {
  if (code < 300) return 'ok';
  const outcome = /"outcome":"([a-z-]+)"/.exec(text)?.[1];
  return outcome === 'not-applied' ? 'fail' : 'info';
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}
