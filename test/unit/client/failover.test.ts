/** Which replica is asked: the first that is well, and the others while it is not. */
import { describe, expect, test } from 'vitest';
import { CUT, problem, receipt, SILENCE, value } from './answers-of-replicas.js';
import type { Step } from './scripted-replica.js';
import { DEAD_URL, rejection, replica, testClient } from './test-client.js';

test.each<[string, number, Step]>([
  ['no-quorum', 0, problem('no-quorum', {}, { 'Retry-After': '5' })],
  ['shutting-down', 0, problem('shutting-down', {}, { 'Retry-After': '5' })],
  ['overloaded', 25, problem('overloaded', {}, { 'Retry-After': '5' })],
  ['causal-wait-timeout', 25, problem('causal-wait-timeout', {}, { 'Retry-After': '5' })],
  ['rate-limited', 25, problem('rate-limited', {}, { 'Retry-After': '5' })],
])(
  '%s moves even a write without a key to the next replica after %i ms, not the 5 s it asks for',
  async (_, pauseMs, step) => {
    const r1 = await replica(step);
    const r2 = await replica(receipt());
    const { client, pauses } = testClient([r1.url, r2.url], { idempotency: 'off' });
    expect(await client.put('k', 'v')).toMatchObject({ key: 'k' });
    expect(pauses).toEqual([pauseMs]);
  },
);

test('a refused connection moves a write without a key to the next replica', async () => {
  const r2 = await replica(receipt());
  const { client, pauses } = testClient([DEAD_URL, r2.url], { idempotency: 'off' });
  expect(await client.put('k', 'v')).toMatchObject({ key: 'k' });
  expect(pauses).toEqual([0]);
});

test('a lost connection moves a read to the next replica', async () => {
  const r1 = await replica(CUT);
  const r2 = await replica(value('v'));
  const { client } = testClient([r1.url, r2.url]);
  expect(await client.get('k')).toMatchObject({ found: true });
});

test('no-quorum everywhere is not asked again without a pause', async () => {
  const nowhere = problem('no-quorum', {}, { 'Retry-After': '1' });
  const r1 = await replica(nowhere, receipt());
  const r2 = await replica(nowhere);
  const { client, pauses } = testClient([r1.url, r2.url]);
  await client.put('k', 'v', { level: 'linearizable' });
  expect(pauses).toEqual([0, 1000]);
});

test('when all were asked, the one whose Retry-After ends first is next', async () => {
  const r1 = await replica(problem('overloaded', {}, { 'Retry-After': '7' }));
  const r2 = await replica(problem('overloaded', {}, { 'Retry-After': '2' }), value('v'));
  const { client, pauses } = testClient([r1.url, r2.url]);
  await client.get('k');
  expect([r1.requests.length, r2.requests.length]).toEqual([1, 2]);
  expect(pauses).toEqual([25, 2000]);
});

describe('later calls', () => {
  test('pass over a replica that cannot be reached, until its time has come', async () => {
    const r1 = await replica(CUT, value('1'));
    const r2 = await replica(value('2'));
    const r3 = await replica(problem('overloaded', {}, { 'Retry-After': '1' }), value('3'));
    const { client } = testClient([r1.url, r2.url]);
    await client.get('k');
    await client.get('k');
    expect([r1.requests.length, r2.requests.length]).toEqual([1, 2]);
    // A pause at another replica lets a second go by.
    await client.get('k', { url: r3.url });
    await client.get('k');
    expect([r1.requests.length, r2.requests.length]).toEqual([2, 2]);
  });

  test('return to a replica as soon as it has answered one of them', async () => {
    const r1 = await replica(CUT, value('1'));
    const r2 = await replica(value('2'));
    const { client } = testClient([r1.url, r2.url]);
    await client.get('k');
    await client.get('k', { url: r1.url });
    await client.get('k');
    expect([r1.requests.length, r2.requests.length]).toEqual([3, 1]);
  });

  test('do not pass over a replica that was given too little time to answer', async () => {
    const r1 = await replica(SILENCE, value('1'));
    const r2 = await replica(value('2'));
    const { client } = testClient([r1.url, r2.url], { retry: false });
    await rejection(client.get('k', { timeoutMs: 500 }));
    await client.get('k');
    expect([r1.requests.length, r2.requests.length]).toEqual([2, 0]);
  });

  test('pass over a replica without quorum at linearizable only', async () => {
    const r1 = await replica(problem('no-quorum'), value('1'));
    const r2 = await replica(value('2'));
    const { client } = testClient([r1.url, r2.url]);
    await client.get('k', { level: 'linearizable' });
    await client.get('k', { level: 'causal' });
    expect([r1.requests.length, r2.requests.length]).toEqual([2, 1]);
    await client.get('k', { level: 'linearizable' });
    expect([r1.requests.length, r2.requests.length]).toEqual([2, 2]);
  });

  test('do not hold a causal-wait-timeout against the replica', async () => {
    const r1 = await replica(problem('causal-wait-timeout'), value('1'));
    const r2 = await replica(value('2'));
    const { client } = testClient([r1.url, r2.url]);
    await client.get('k');
    await client.get('k');
    expect([r1.requests.length, r2.requests.length]).toEqual([2, 1]);
  });
});

test('a call with a url goes to that replica and to no other', async () => {
  const r1 = await replica(value('1'));
  const r2 = await replica(problem('overloaded'));
  const { client } = testClient([r1.url], { retry: { attempts: 2 } });
  expect(await rejection(client.get('k', { url: `${r2.url}/` }))).toMatchObject({ code: 'overloaded' });
  expect([r1.requests.length, r2.requests.length]).toEqual([0, 2]);
});

test('replicas may live below a path', async () => {
  const r1 = await replica(value('1'));
  const { client } = testClient([`${r1.url}/causeway/r1//`]);
  await client.get('k');
  expect(r1.requests[0]?.path).toBe('/causeway/r1/v1/kv/k');
});
