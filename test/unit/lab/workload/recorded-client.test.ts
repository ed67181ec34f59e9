/** A client claims no more than it was told. */
import { describe, expect, test } from 'vitest';
import type { Step } from '../../../../src/lab/workload/recorded-client.js';
import { NOT_APPLIED, OK, REFUSED, SILENCE, scripted, UNKNOWN } from './script.js';

const WRITE: Step = {
  sent: { method: 'PUT', path: '/v1/kv/k', body: 'v' },
  level: 'linearizable',
  recordOf: (told) => ({ ...told, op: 'write', key: 'k', value: 'v' }),
};

describe('what is recorded', () => {
  test.each([
    ['a result', OK, 'ok', false],
    ['a refusal', NOT_APPLIED, 'fail', false],
    ['an unknown outcome', UNKNOWN, 'info', false],
    ['a broken connection', SILENCE, 'info', true],
    ['a connection that never was', { ...SILENCE, status: 'fail' }, 'fail', false],
  ] as const)('of %s', async (_, answer, status, isOpen) => {
    const { client, history } = scripted([answer]);
    await client.perform(WRITE);
    const [record] = history.records;
    expect(record).toMatchObject({ op: 'write', key: 'k', value: 'v', level: 'linearizable', status });
    expect(record?.complete === null).toBe(isOpen);
    expect(record?.complete ?? Number.POSITIVE_INFINITY).toBeGreaterThan(record?.invoke ?? 0);
  });

  test('a client that does not know goes on under another number, and only then', async () => {
    const { client, history } = scripted([OK, NOT_APPLIED, UNKNOWN, OK]);
    for (let i = 0; i < 4; i += 1) await client.perform(WRITE);
    const [a, b, c, d] = history.records.map(({ process }) => process);
    expect([b, c]).toEqual([a, a]);
    expect(d).not.toBe(a);
  });

  test('the durability that was reached, not the one that was asked for', async () => {
    const { client, history } = scripted([{ ...OK, headers: { durability: 'local' } }, NOT_APPLIED]);
    for (let i = 0; i < 2; i += 1) await client.perform({ ...WRITE, level: 'causal', durability: 'majority' });
    expect(history.records.map(({ durability }) => durability)).toEqual(['local', 'majority']);
  });

  test('the version that an entity tag names', async () => {
    const { client, history } = scripted([{ ...OK, headers: { etag: '"log.17"' } }]);
    await client.perform(WRITE);
    expect(history.records[0]?.dot).toBe('log.17');
  });
});

describe('repetitions under one Idempotency-Key', () => {
  test('end with the first definite word', async () => {
    const { client, history, asked } = scripted([UNKNOWN, SILENCE, OK]);
    await client.perform({ ...WRITE, retries: 5 });
    expect(history.records).toMatchObject([{ status: 'ok' }]);
    const keys = asked.map(({ headers }) => headers?.['idempotency-key']);
    expect(keys[0]).toBeDefined();
    expect(new Set(keys).size).toBe(1);
  });

  test('end with a refusal for good, which holds for what was sent before as well', async () => {
    const { client, history, asked } = scripted([UNKNOWN, NOT_APPLIED, REFUSED]);
    await client.perform({ ...WRITE, retries: 5 });
    expect(history.records).toMatchObject([{ status: 'fail' }]);
    expect(asked).toHaveLength(3);
  });

  test('a refusal that may pass says nothing of what was sent before', async () => {
    const { client, history } = scripted([UNKNOWN, NOT_APPLIED, NOT_APPLIED]);
    await client.perform({ ...WRITE, retries: 2 });
    expect(history.records).toMatchObject([{ status: 'info' }]);
  });

  test('there are none after a refusal', async () => {
    const { client, history, asked } = scripted([NOT_APPLIED]);
    await client.perform({ ...WRITE, retries: 2 });
    expect(history.records).toMatchObject([{ status: 'fail' }]);
    expect(asked).toHaveLength(1);
  });
});

describe('a session', () => {
  const step = (level: Step['level']): Step => ({ ...WRITE, level });

  test('shows the token it was given last, and keeps it through what failed', async () => {
    const token = (name: string) => ({ ...OK, headers: { 'causal-token': name } });
    const { client, history, asked } = scripted([token('t1'), NOT_APPLIED, token('t2'), OK], 's');
    for (const level of ['causal', 'linearizable', 'linearizable', 'causal'] as const)
      await client.perform(step(level));
    expect(asked.map(({ headers }) => headers?.['causal-token'])).toEqual([undefined, 't1', 't1', 't2']);
    expect(history.records.map(({ session }) => session)).toEqual(['s', 's', 's', 's']);
    expect(history.records.map(({ tokenIn, tokenOut }) => [tokenIn, tokenOut])).toEqual([
      [undefined, 't1'],
      ['t1', undefined],
      ['t1', 't2'],
      ['t2', undefined],
    ]);
  });

  test('has no part in what is asked at eventual', async () => {
    const answer = { ...OK, headers: { 'causal-token': 't1' } };
    const { client, history, asked } = scripted([answer, answer], 's');
    await client.perform(step('eventual'));
    await client.perform(step('causal'));
    expect(asked.map(({ headers }) => headers?.['causal-token'])).toEqual([undefined, undefined]);
    expect(history.records.map(({ session }) => session)).toEqual([undefined, 's']);
  });

  test('is none without a name', async () => {
    const { client, history, asked } = scripted([{ ...OK, headers: { 'causal-token': 't1' } }, OK]);
    for (let i = 0; i < 2; i += 1) await client.perform(step('causal'));
    expect(asked[1]?.headers).not.toHaveProperty('causal-token');
    expect(history.records[0]).not.toHaveProperty('session');
  });
});
