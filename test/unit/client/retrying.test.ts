/** What is sent again, when, and what an error says about all attempts together. */
import { describe, expect, test } from 'vitest';
import { CausewayApiError } from '../../../src/client/api-error.js';
import { ConnectionError } from '../../../src/client/errors.js';
import { batchReceipt, CUT, problem, receipt, tokenOf, value } from './answers-of-replicas.js';
import { DEAD_URL, rejection, replica, testClient } from './test-client.js';

describe('a refusal that promises better times', () => {
  test('is retried after the seconds of Retry-After', async () => {
    const r1 = await replica(problem('overloaded', {}, { 'Retry-After': '3' }), value('v'));
    const { client, pauses } = testClient([r1.url]);
    expect(await client.get('k')).toMatchObject({ found: true });
    expect(pauses).toEqual([3000]);
  });

  test('is retried at the date of Retry-After', async () => {
    const date = new Date(Date.UTC(2030, 0, 1, 0, 0, 4)).toUTCString();
    const r1 = await replica(problem('rate-limited', {}, { 'Retry-After': date }), value('v'));
    const { client, pauses } = testClient([r1.url]);
    expect(await client.get('k')).toMatchObject({ found: true });
    expect(pauses).toEqual([4000]);
  });

  test('is retried with exponential, capped and jittered pauses where no time is named', async () => {
    const busy = problem('overloaded');
    const r1 = await replica(busy, busy, busy, busy, busy, value('v'));
    const { client, pauses } = testClient([r1.url], { retry: { baseDelayMs: 100, maxDelayMs: 500 } });
    await client.get('k');
    expect(pauses).toEqual([50, 100, 200, 250, 250]);
  });

  test('fails at once if its Retry-After lies beyond the deadline', async () => {
    const r1 = await replica(problem('no-quorum', {}, { 'Retry-After': '60' }));
    const { client, pauses } = testClient([r1.url], { timeoutMs: 5_000 });
    expect(await rejection(client.get('k'))).toMatchObject({ code: 'no-quorum', retryAfterMs: 60_000 });
    expect(pauses).toEqual([]);
  });

  test('is not retried more often than asked for', async () => {
    const r1 = await replica(problem('overloaded'));
    const { client } = testClient([r1.url], { retry: { attempts: 3 } });
    expect(await rejection(client.put('k', 'v'))).toMatchObject({ code: 'overloaded', outcome: 'not-applied' });
    expect(r1.requests).toHaveLength(3);
  });

  test('is not retried at all with retry: false, and then no key is invented', async () => {
    const r1 = await replica(problem('overloaded'));
    const { client } = testClient([r1.url], { retry: false });
    await rejection(client.put('k', 'v'));
    expect(r1.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([undefined]);
  });
});

test.each([
  'invalid-request',
  'invalid-causal-token',
  'level-not-offered',
  'unauthorized',
  'forbidden',
  'method-not-allowed',
  'lock-held',
  'level-too-weak',
  'precondition-failed',
  'value-too-large',
  'idempotency-key-reused',
  'internal-error',
] as const)('%s is never retried', async (code) => {
  const r1 = await replica(problem(code));
  const r2 = await replica(receipt());
  const { client } = testClient([r1.url, r2.url]);
  const error = await rejection(client.put('k', 'v'));
  expect(error).toBeInstanceOf(CausewayApiError);
  expect(error).toMatchObject({ code, url: r1.url, detail: `about ${code}` });
  expect([r1.requests.length, r2.requests.length]).toEqual([1, 0]);
});

describe('a write whose outcome is unknown', () => {
  test.each([
    ['a lost connection', CUT],
    ['504 outcome-unknown', problem('outcome-unknown')],
  ])('is sent again after %s, with the same key and the same bytes', async (_, step) => {
    const r1 = await replica(step, receipt());
    const { client } = testClient([r1.url]);
    const bytes = new Uint8Array([1, 2, 3]);
    const written = client.put('k', bytes);
    bytes.fill(9);
    expect(await written).toMatchObject({ etag: '"r1~00000001.1"' });
    expect(r1.requests.map(({ body }) => body)).toEqual(['\u0001\u0002\u0003', '\u0001\u0002\u0003']);
    expect(r1.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
  });

  test('gets a key of its own for each logical write', async () => {
    const r1 = await replica(receipt(), receipt(), batchReceipt('k'));
    const { client } = testClient([r1.url]);
    await client.put('k', 'v');
    await client.delete('k');
    await client.batch([{ put: 'k', value: 'v' }]);
    expect(r1.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-2', 'key-3']);
  });

  test.each([
    ['a lost connection', CUT, ConnectionError],
    ['504 outcome-unknown', problem('outcome-unknown'), CausewayApiError],
  ])('is not sent again after %s without a key', async (_, step, type) => {
    const r1 = await replica(step, receipt());
    const { client } = testClient([r1.url], { idempotency: 'off' });
    const error = await rejection(client.put('k', 'v'));
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(r1.requests).toHaveLength(1);
  });

  test('is sent again with a key of the caller, which is then found in the error', async () => {
    const r1 = await replica(CUT);
    const { client } = testClient([r1.url], { idempotency: 'off', retry: { attempts: 2 } });
    const error = await rejection(client.put('k', 'v', { idempotencyKey: 'mine' }));
    expect(error).toMatchObject({ outcome: 'unknown', idempotencyKey: 'mine', code: 'connection-failed' });
    expect(r1.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine']);
  });

  test('stays unknown when the attempts after it were certainly not applied', async () => {
    const r1 = await replica(CUT, problem('no-quorum'));
    const { client } = testClient([r1.url], { retry: { attempts: 3 } });
    expect(await rejection(client.put('k', 'v'))).toMatchObject({ code: 'no-quorum', outcome: 'unknown' });
  });

  test.each(['eventual', 'causal', 'linearizable'] as const)(
    'goes to another replica at %s under the same key',
    async (level) => {
      const r1 = await replica(CUT);
      const r2 = await replica(receipt());
      const { client } = testClient([r1.url, r2.url]);
      await client.put('k', 'v', { level });
      expect(r2.requests[0]?.headers['idempotency-key']).toBe(r1.requests[0]?.headers['idempotency-key']);
    },
  );

  test('waits for its first attempt where a replica is still at it', async () => {
    const r1 = await replica(CUT);
    const r2 = await replica(problem('idempotency-in-progress', {}, { 'Retry-After': '1' }), receipt());
    const { client, pauses } = testClient([r1.url, r2.url]);
    await client.put('k', 'v');
    expect([r1.requests.length, r2.requests.length]).toEqual([1, 2]);
    expect(pauses[1]).toBe(1000);
  });
});

describe('a gateway that answers in the place of a replica', () => {
  const html = { 'Content-Type': 'text/html' };

  test.each([502, 503, 504])('leaves open with %i whether a write was applied', async (status) => {
    const r1 = await replica({ status, headers: html, body: '<h1>oops</h1>' });
    const { client } = testClient([r1.url], { idempotency: 'off' });
    const error = await rejection(client.put('k', 'v'));
    expect(error).toMatchObject({ code: `http-${status}`, status, outcome: 'unknown', retryable: true });
    expect(r1.requests).toHaveLength(1);
  });

  test('does not make a key absent with its own 404', async () => {
    const r1 = await replica({ status: 404, headers: html, body: 'no such page' });
    const { client } = testClient([r1.url]);
    expect(await rejection(client.get('k'))).toMatchObject({ code: 'http-404', outcome: 'not-applied' });
  });

  test('is not followed elsewhere', async () => {
    const r2 = await replica(value('v'));
    const r1 = await replica({ status: 307, headers: { Location: `${r2.url}/v1/kv/k` } });
    const { client } = testClient([r1.url]);
    expect(await rejection(client.get('k'))).toMatchObject({ status: 307 });
    expect(r2.requests).toHaveLength(0);
  });
});

describe('a read', () => {
  test('is retried after anything that may pass, and never leaves an unknown outcome', async () => {
    const r1 = await replica(CUT, problem('outcome-unknown'), problem('causal-wait-timeout'));
    const { client } = testClient([r1.url], { retry: { attempts: 4 } });
    expect(await rejection(client.get('k'))).toMatchObject({ code: 'causal-wait-timeout', outcome: 'not-applied' });
    expect(r1.requests).toHaveLength(4);
  });

  test('is retried when its body breaks off', async () => {
    const r1 = await replica((response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half', () => response.destroy());
    }, value('whole'));
    const { client } = testClient([r1.url]);
    const result = await client.get('k');
    expect(result.found && result.text()).toBe('whole');
  });
});

test('a refused connection is certainly not applied', async () => {
  const { client } = testClient([DEAD_URL], { idempotency: 'off', retry: { attempts: 2 } });
  const error = await rejection(client.put('k', 'v'));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ outcome: 'not-applied', retryable: true, url: DEAD_URL });
});

test('an error carries every member of the problem', async () => {
  const members = {
    level: 'causal',
    missing: [{ origin: 'r2~00000001', have: 3, need: 7 }, { origin: 5 }],
    etag: null,
    owner: 'ann',
    served: ['eventual'],
  };
  const token = tokenOf({ r2: 7 });
  const r1 = await replica(problem('causal-wait-timeout', members, { 'Causal-Token': token }));
  const { client } = testClient([r1.url], { retry: false });
  expect(await rejection(client.get('k'))).toMatchObject({
    name: 'CausewayApiError',
    message: 'causal-wait-timeout: about causal-wait-timeout',
    status: 503,
    level: 'causal',
    replica: 'r1',
    retryable: true,
    missing: [{ origin: 'r2~00000001', have: 3, need: 7 }],
    etag: null,
    owner: 'ann',
    served: ['eventual'],
    token,
  });
});
