/** A lab of real processes for the tests of this folder, and a load on it that remembers what was acknowledged. */

import { Pool } from 'undici';
import { expect } from 'vitest';
import type { Lab, LabOptions } from '../../../src/lab/cluster.js';

export async function openLab(options: LabOptions): Promise<Lab> {
  const { startLab }: typeof import('../../../src/lab/cluster.js') = await import(
    '../../../dist/lab/cluster.js' as string
  );
  return startLab(options);
}

export interface Acknowledged {
  readonly key: string;
  readonly etag: string;
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  /** Requests that got an answer other than 200, or none. */
  readonly failed: number;
  readonly stop: () => Promise<void>;
}

/**
 * `clients` clients that write 100-byte values to keys of their own, one request after the other, until stopped: a PUT
 * each, or batches of `batchOps` keys.
 */
export function startLoad(
  url: string,
  name: string,
  clients: number,
  level: 'eventual' | 'causal',
  batchOps = 1,
): Load {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const acknowledged: Acknowledged[] = [];
  const state = { failed: 0, stopped: false };
  const value = 'x'.repeat(100);
  const send = (keys: readonly string[]) => {
    if (batchOps === 1) {
      const headers = { 'consistency-level': level };
      return pool.request({ method: 'PUT', path: `/v1/kv/${keys[0]}`, headers, body: value });
    }
    const headers = { 'consistency-level': level, 'content-type': 'application/json' };
    const body = JSON.stringify({ ops: keys.map((key) => ({ put: key, value })) });
    return pool.request({ method: 'POST', path: '/v1/batch', headers, body });
  };
  const client = async (number: number): Promise<void> => {
    for (let i = 0; !state.stopped; i += 1) {
      const keys = Array.from({ length: batchOps }, (_, op) => `${name}-${number}-${i}-${op}`);
      try {
        const answer = await send(keys);
        const receipt = (await answer.body.json()) as { etag: string; results: readonly { etag: string }[] };
        if (answer.statusCode !== 200) state.failed += 1;
        else if (batchOps === 1) acknowledged.push({ key: keys[0] as string, etag: receipt.etag });
        else for (const [i, { etag }] of receipt.results.entries()) acknowledged.push({ key: keys[i] as string, etag });
      } catch {
        state.failed += 1;
        if (!state.stopped) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const clientsDone = Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return {
    acknowledged,
    get failed() {
      return state.failed;
    },
    stop: async () => {
      state.stopped = true;
      await Promise.race([clientsDone, new Promise((resolve) => setTimeout(resolve, 20_000).unref())]);
      await pool.destroy();
      await clientsDone;
    },
  };
}

/** Every live key of a replica with its entity tag. */
export async function allKeys(url: string, level: 'eventual' | 'causal' = 'causal'): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  let after = '';
  for (;;) {
    const path = `/v1/kv?limit=1000&consistency=${level}&after=${encodeURIComponent(after)}`;
    const page = (await getJson(url + path)) as { items: { key: string; etag: string }[]; next: string | null };
    for (const { key, etag } of page.items) keys.set(key, etag);
    if (page.next === null) return keys;
    after = page.next;
  }
}

export async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url);
  expect(answer.status, url).toBe(200);
  return answer.json();
}

export interface Status {
  readonly incarnation: string;
  readonly vector: Readonly<Record<string, number>>;
  readonly stable: Readonly<Record<string, number>>;
  readonly buffered: number;
  readonly keys: number;
}

export async function status(url: string): Promise<Status> {
  return (await getJson(`${url}/v1/replica`)) as Status;
}

/** Waits until all replicas have the same vector and empty buffers. */
export async function converged(lab: Lab, withinMs = 60_000): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const statuses = await Promise.all(lab.replicas.map((replica) => status(replica.url)));
    const vectors = new Set(statuses.map(({ vector }) => JSON.stringify(vector)));
    if (vectors.size === 1 && statuses.every(({ buffered }) => buffered === 0)) return performance.now() - startedMs;
    if (performance.now() - startedMs > withinMs) throw new Error(`not converged: ${JSON.stringify(statuses)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** All replicas list the same keys under the same entity tags; returns the list. */
export async function sameEverywhere(lab: Lab): Promise<Map<string, string>> {
  const [first, ...others] = await Promise.all(lab.replicas.map((replica) => allKeys(replica.url)));
  for (const other of others) expect(other).toEqual(first);
  return first ?? new Map();
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
