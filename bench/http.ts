/**
 * Reads and writes over HTTP: a production replica by itself, over LMDB, asked over loopback connections that are kept
 * open. Client and server share this process, so the numbers are of both; they tell levels and changes apart, not what a
 * server can do.
 */
import { Pool } from 'undici';
import { buildApp } from '../src/api/app.js';
import type { WeakLevel } from '../src/replica/request-types.js';
import { openLoneReplica } from './lone-replica.js';
import type { BenchCase, BenchSuite } from './suite.js';

const KEYS = 1_000;
const VALUE = Buffer.alloc(100, 'v');
/** Requests under way at a time; one timed operation is as many of them, so that writes share their commits. */
const CLIENTS = 32;

interface Served {
  /** One request on a connection that is kept; resolves when its answer was read. */
  readonly ask: (method: 'GET' | 'PUT', key: number, level: WeakLevel) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function serve(): Promise<Served> {
  const { replica, close } = await openLoneReplica();
  const app = buildApp({ replica });
  const pool = new Pool(await app.listen({ host: '127.0.0.1', port: 0 }), { connections: CLIENTS, pipelining: 1 });
  return {
    ask: (method, key, level) => exchange(pool, method, key, level),
    close: async () => {
      await pool.close();
      await app.close();
      await close();
    },
  };
}

async function exchange(pool: Pool, method: 'GET' | 'PUT', key: number, level: WeakLevel): Promise<void> {
  const { statusCode, body } = await pool.request({
    method,
    path: `/v1/kv/bench/${key}`,
    headers: { 'Consistency-Level': level },
    body: method === 'PUT' ? VALUE : null,
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`${method} of key ${key} was answered with ${statusCode}`);
}

function httpCase(method: 'GET' | 'PUT', level: WeakLevel): BenchCase {
  let served: Served | undefined;
  return {
    name: `${CLIENTS} x ${method} at ${level}`,
    setUp: async () => {
      served = await serve();
      const { ask } = served;
      let next = 0;
      const round = (what: 'GET' | 'PUT'): Promise<unknown> => {
        next += CLIENTS;
        return Promise.all(Array.from({ length: CLIENTS }, (_, i) => ask(what, (next + i) % KEYS, level)));
      };
      for (let written = 0; written < KEYS; written += CLIENTS) await round('PUT');
      return () => round(method);
    },
    tearDown: async () => {
      await served?.close();
      served = undefined;
    },
  };
}

export const http: BenchSuite = {
  name: 'http',
  cases: [
    httpCase('GET', 'eventual'),
    httpCase('GET', 'causal'),
    httpCase('PUT', 'eventual'),
    httpCase('PUT', 'causal'),
  ],
};
