/** Fault instructions reach every replica, and say so when they do not. */
import { expect, test } from 'vitest';
import { FanOutError } from '../../../src/client/errors.js';
import { json, problem, SILENCE } from './answers-of-replicas.js';
import { DEAD_URL, rejection, replica, testClient } from './test-client.js';

test('each instruction goes to all replicas as the contract writes it', async () => {
  const r1 = await replica(json({}));
  const r2 = await replica(json({}));
  const { faults } = testClient([r1.url, r2.url], { token: 'admin' }).client;
  await faults.partition('a/b', [['r1'], ['r2', 'r3']], { ttlMs: 30_000 });
  await faults.link('r1', 'r2', { drop: 0.5, delayMs: 100 });
  await faults.removePartition('a/b');
  await faults.removeLink('r1', 'r2');
  await faults.heal();
  expect(r1.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['PUT', '/v1/faults/partitions/a%2Fb', '{"groups":[["r1"],["r2","r3"]],"ttlMs":30000}'],
    ['PUT', '/v1/faults/links/r1/r2', '{"drop":0.5,"delayMs":100}'],
    ['DELETE', '/v1/faults/partitions/a%2Fb', ''],
    ['DELETE', '/v1/faults/links/r1/r2', ''],
    ['DELETE', '/v1/faults', ''],
  ]);
  expect(r2.requests.map(({ path }) => path)).toEqual(r1.requests.map(({ path }) => path));
  expect(r2.requests.every(({ headers }) => headers.authorization === 'Bearer admin')).toBe(true);
});

test('a clock is set wrong at one replica only', async () => {
  const r1 = await replica(json({}));
  const r2 = await replica(json({}));
  const { faults } = testClient([r1.url, r2.url]).client;
  await faults.clock(r2.url, -5000);
  await faults.removeClock(r2.url);
  expect(r1.requests).toHaveLength(0);
  expect(r2.requests.map(({ method, body }) => [method, body])).toEqual([
    ['PUT', '{"skewMs":-5000}'],
    ['DELETE', ''],
  ]);
});

test('removing a fault that has healed by itself is no failure', async () => {
  const r1 = await replica(problem('not-found'));
  await testClient([r1.url]).client.faults.removePartition('gone');
  expect(r1.requests).toHaveLength(1);
});

test('an instruction is retried, since twice is the same as once', async () => {
  const r1 = await replica(SILENCE, problem('overloaded'), json({}));
  await testClient([r1.url], { attemptTimeoutMs: 500 }).client.faults.heal();
  expect(r1.requests).toHaveLength(3);
});

test('replicas that did not follow are named, and the others follow all the same', async () => {
  const r1 = await replica(problem('faults-disabled'));
  const r2 = await replica(json({}));
  const { faults } = testClient([r1.url, DEAD_URL, r2.url], { retry: false }).client;
  const error = await rejection(faults.heal());
  expect(error).toBeInstanceOf(FanOutError);
  expect(error).toMatchObject({
    code: 'fan-out-incomplete',
    reached: [r2.url],
    failed: [
      { url: r1.url, error: { code: 'faults-disabled' } },
      { url: DEAD_URL, error: { code: 'connection-failed' } },
    ],
  });
  expect(error).toMatchObject({ message: expect.stringContaining('2 of 3 replicas did not follow') });
});

test('with one replica its own error is thrown', async () => {
  const r1 = await replica(problem('forbidden'));
  expect(await rejection(testClient([r1.url]).client.faults.heal())).toMatchObject({ code: 'forbidden' });
});

test('list tells what is in force at each replica', async () => {
  const fault = { kind: 'clock', skewMs: 5, remainingMs: 1000 };
  const r1 = await replica(json({ faults: [fault] }));
  const r2 = await replica(json({ faults: [] }));
  expect(await testClient([r1.url, r2.url]).client.faults.list()).toEqual([
    { url: r1.url, faults: [fault] },
    { url: r2.url, faults: [] },
  ]);
});

test('the caller’s signal ends an instruction with its reason', async () => {
  const controller = new AbortController();
  const r1 = await replica(() => controller.abort('enough'));
  const r2 = await replica(SILENCE);
  const { faults } = testClient([r1.url, r2.url]).client;
  expect(await rejection(faults.heal({ signal: controller.signal }))).toBe('enough');
});
