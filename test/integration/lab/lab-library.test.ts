/** What tests and benchmarks do with a lab: crash and freeze replicas, take the NATS server away, and look afterwards. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import { type HttpAnswer, jsonOf, NoAnswer, sendCall, textOf } from '../../../src/lab/http-call.js';
import { until } from './command.js';

let lab: Lab;
const reports: string[] = [];

beforeAll(async () => {
  // The compiled lab, because it starts compiled programs beside itself.
  const { startLab }: typeof import('../../../src/lab/cluster.js') = await import(
    '../../../dist/lab/cluster.js' as string
  );
  lab = await startLab({ basePort: 7301, report: (line) => reports.push(line) });
});

afterAll(async () => {
  await lab?.stop();
  expect(existsSync(lab.folder)).toBe(false);
});

function put(id: string, key: string, value: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  const call = { method: 'PUT', origin: lab.replica(id).url, path: `/v1/kv/${key}`, headers } as const;
  return sendCall({ ...call, body: Buffer.from(value) }, { timeoutMs: 10_000 });
}

function get(id: string, path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  return sendCall({ method: 'GET', origin: lab.replica(id).url, path, headers }, { timeoutMs: 10_000 });
}

async function converged(): Promise<boolean> {
  const reports = await Promise.all(lab.replicas.map(({ id }) => get(id, '/v1/replica')));
  const vectors = reports.map((answer) => JSON.stringify((jsonOf(answer) as { vector: object }).vector));
  return new Set(vectors).size === 1;
}

test('a replica that was killed comes back with what it acknowledged, on the same port, as the same incarnation', async () => {
  const before = (await put('r1', 'survivor', 'alive')).headers['etag'];
  await lab.replica('r1').kill();
  await expect(get('r1', '/livez')).rejects.toBeInstanceOf(NoAnswer);
  expect((await put('r2', 'meanwhile', 'busy')).status).toBe(200);
  await lab.replica('r1').restart();
  const answer = await get('r1', '/v1/kv/survivor');
  expect(textOf(answer)).toBe('alive');
  expect(answer.headers['etag']).toBe(before);
  await lab.settled();
  await until('all have the same', converged);
  expect(textOf(await get('r1', '/v1/kv/meanwhile'))).toBe('busy');
  expect(reports).toEqual([]);
});

test('a replica that is frozen answers nothing, and catches up when it thaws', async () => {
  lab.replica('r3').pause();
  const call = { method: 'GET', origin: lab.replica('r3').url, path: '/livez', headers: {} } as const;
  await expect(sendCall(call, { timeoutMs: 300 })).rejects.toThrow('did not answer within 300 ms');
  expect((await put('r1', 'while-frozen', 'x')).status).toBe(200);
  lab.replica('r3').resume();
  await until('all have the same', converged);
  expect(textOf(await get('r3', '/v1/kv/while-frozen'))).toBe('x');
});

test('a request that waits while its replica ends in order gets an answer, and is told that nothing was done', async () => {
  const groups = { groups: [['r1'], ['r2', 'r3']], ttlMs: 600_000 };
  for (const { url } of lab.replicas) {
    const headers = { 'Content-Type': 'application/json' };
    const call = { method: 'PUT', origin: url, path: '/v1/faults/partitions/cut', headers } as const;
    expect((await sendCall({ ...call, body: Buffer.from(JSON.stringify(groups)) }, { timeoutMs: 5_000 })).status).toBe(
      200,
    );
  }
  const { 'causal-token': token = '' } = (await put('r1', 'far', 'away')).headers;
  const waiting = get('r2', '/v1/kv/far', { 'Causal-Token': token, 'Consistency-Level': 'causal;timeout=9000' });
  const metric = /^causeway_waiting_requests (\d+)/m;
  await until('the read waits', async () => Number(metric.exec(textOf(await get('r2', '/metrics')))?.[1] ?? 0) > 0);
  await lab.replica('r2').stop();
  const answer = await waiting;
  expect(answer.status).toBe(503);
  expect(jsonOf(answer)).toMatchObject({ outcome: 'not-applied', retryable: true });
  await lab.replica('r2').start();
  for (const { url } of lab.replicas) {
    await sendCall({ method: 'DELETE', origin: url, path: '/v1/faults', headers: {} }, { timeoutMs: 5_000 });
  }
  await lab.settled();
});

test('without the NATS server every replica goes on serving, and all converge when it is back', async () => {
  await lab.nats.stop();
  for (const { id } of lab.replicas) {
    expect((await put(id, `alone/${id}`, id, { 'Consistency-Level': 'causal' })).status).toBe(200);
    expect(textOf(await get(id, `/v1/kv/alone/${id}`, { 'Consistency-Level': 'eventual' }))).toBe(id);
  }
  await lab.nats.start();
  await lab.settled();
  await until('all have the same', converged);
  const { items } = jsonOf(await get('r1', '/v1/kv?prefix=alone/')) as { items: readonly { key: string }[] };
  expect(items.map(({ key }) => key)).toEqual(['alone/r1', 'alone/r2', 'alone/r3']);
});

test('a replica that does not exist is refused by name', () => {
  expect(() => lab.replica('r9')).toThrow('the lab has no replica r9');
});
