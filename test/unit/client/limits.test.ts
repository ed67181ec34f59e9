/** What bounds a call: its time, the caller's signal, the size of an answer, and the sockets it may hold. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createClient } from '../../../src/client/client.js';
import { ProtocolError, TimeoutError } from '../../../src/client/errors.js';
import { problem, receipt, SILENCE, value } from './answers-of-replicas.js';
import type { ScriptedReplica } from './scripted-replica.js';
import { DEAD_URL, rejection, replica, testClient } from './test-client.js';

/** The client has hung up on the one request. */
async function hungUp(silent: ScriptedReplica): Promise<void> {
  await expect.poll(() => silent.abandoned).toBe(1);
}

describe('time', () => {
  test('a silent replica costs one attempt, and its connection is given up', async () => {
    const r1 = await replica(SILENCE);
    const r2 = await replica(value('v'));
    const { client } = testClient([r1.url, r2.url], { attemptTimeoutMs: 700 });
    expect(await client.get('k')).toMatchObject({ found: true });
    await hungUp(r1);
  });

  test('a call ends with its deadline, saying that nobody answered', async () => {
    const r1 = await replica(SILENCE);
    const client = createClient({ urls: [r1.url], timeoutMs: 40 });
    const error = await rejection(client.get('k'));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'timeout', outcome: 'not-applied', url: r1.url });
  });

  test('a write that was met with silence has an unknown outcome', async () => {
    const r1 = await replica(SILENCE);
    const client = createClient({ urls: [r1.url] });
    expect(await rejection(client.put('k', 'v', { timeoutMs: 40 }))).toMatchObject({ outcome: 'unknown' });
  });

  test('the error of an attempt before a silence is its cause', async () => {
    const r1 = await replica(problem('overloaded'), SILENCE);
    const { client } = testClient([r1.url], { attemptTimeoutMs: 500, retry: { attempts: 2 } });
    expect(await rejection(client.get('k'))).toMatchObject({ code: 'timeout', cause: { code: 'overloaded' } });
  });

  test('a body that stops coming is a silence too', async () => {
    const r1 = await replica((response) => {
      response.writeHead(200);
      response.write('half');
    });
    const { client } = testClient([r1.url], { attemptTimeoutMs: 500, retry: false });
    expect(await rejection(client.get('k'))).toMatchObject({ code: 'timeout' });
    await hungUp(r1);
  });

  test('a replica is told to give up a little earlier than the client does', async () => {
    const r1 = await replica(value('v'));
    const { client } = testClient([r1.url], { level: 'linearizable', attemptTimeoutMs: 10_000 });
    await client.get('k');
    await client.get('k', { level: 'eventual', timeoutMs: 5_000 });
    const { client: patient } = testClient([r1.url], { timeoutMs: 3_600_000, attemptTimeoutMs: 3_600_000 });
    await patient.get('k');
    expect(r1.requests.map(({ headers }) => headers['consistency-level'])).toEqual([
      'linearizable;timeout=9000',
      'eventual;timeout=4500',
      'causal;timeout=60000',
    ]);
  });

  test('a deadline beyond what a timer can hold is not taken for none', async () => {
    const r1 = await replica((response) => void setTimeout(() => response.end('v'), 20));
    const { client } = testClient([r1.url], { attemptTimeoutMs: 1e12, timeoutMs: 1e12, retry: false });
    expect(await rejection(client.get('k'))).toMatchObject({ message: expect.stringContaining('ETag') });
  });
});

describe('the caller’s signal', () => {
  test('ends a call with its reason, and the connection with it', async () => {
    const controller = new AbortController();
    const r1 = await replica(() => controller.abort('enough'));
    const { client } = testClient([r1.url], { timeoutMs: 600_000, attemptTimeoutMs: 600_000 });
    expect(await rejection(client.get('k', { signal: controller.signal }))).toBe('enough');
    await hungUp(r1);
  });

  test('ends a call before anything is sent if it was aborted before', async () => {
    const r1 = await replica(value('v'));
    const { client } = testClient([r1.url]);
    const reason = new Error('too late');
    expect(await rejection(client.put('k', 'v', { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(r1.requests).toHaveLength(0);
  });

  test('ends the pause before a retry', async () => {
    const controller = new AbortController();
    const r1 = await replica((response) => {
      response.on('finish', () => setTimeout(() => controller.abort('enough'), 20));
      response.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': '300' });
      response.end('{"type":"overloaded"}');
    });
    const client = createClient({ urls: [r1.url], timeoutMs: 600_000 });
    expect(await rejection(client.get('k', { signal: controller.signal }))).toBe('enough');
    expect(r1.requests).toHaveLength(1);
  });

  test('has no listeners left when its calls are over', async () => {
    const { signal } = new AbortController();
    const r1 = await replica(problem('overloaded'), value('v'));
    const client = createClient({ urls: [r1.url], retry: { baseDelayMs: 1 } });
    await client.get('k', { signal });
    await rejection(client.get('k', { signal, url: DEAD_URL }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('an answer over the size limit', () => {
  test('is refused and its connection given up, however long it goes on', async () => {
    const r1 = await replica((response) => {
      const chunk = new Uint8Array(1000);
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    const { client } = testClient([r1.url], { maxResponseBytes: 5000 });
    const error = await rejection(client.get('k'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: `the answer of ${r1.url} is over 5000 bytes`, outcome: 'not-applied' });
    expect(r1.requests).toHaveLength(1);
    await hungUp(r1);
  });

  test('of exactly the limit is none', async () => {
    const r1 = await replica(value('x'.repeat(5000)));
    const { client } = testClient([r1.url], { maxResponseBytes: 5000 });
    expect(await client.get('k')).toMatchObject({ found: true });
  });
});

test('sequential calls share connections, since every body is read, failures included', async () => {
  const r1 = await replica(value('v'), receipt(), problem('not-found'), problem('precondition-failed'), value('v'));
  const { client } = testClient([r1.url]);
  await client.get('k');
  await client.put('k', 'v');
  await client.get('k');
  await rejection(client.put('k', 'v', { ifMatch: '"x"' }));
  for (let i = 0; i < 20; i += 1) await client.get('k');
  expect(r1.requests).toHaveLength(24);
  // Node may open a second one while the first is on its way back to the pool.
  expect(r1.connections).toBeLessThan(5);
});

describe('options that make no sense', () => {
  test.each([
    [{ urls: [] }, 'at least one replica'],
    [{ urls: ['localhost:7101'] }, 'not an http or https URL'],
    [{ urls: ['/v1'] }, 'is not a URL'],
    [{ urls: ['http://u:p@h/'] }, 'leave out'],
    [{ urls: ['http://h/?a=1'] }, 'leave out'],
    [{ urls: [DEAD_URL], timeoutMs: 0 }, 'timeoutMs is 0'],
    [{ urls: [DEAD_URL], attemptTimeoutMs: Number.NaN }, 'attemptTimeoutMs is NaN'],
    [{ urls: [DEAD_URL], retry: { attempts: -1 } }, 'retry.attempts is -1'],
  ])('%j are refused at once', (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });

  test('are refused per call as well, before anything is sent', async () => {
    const { client } = testClient([DEAD_URL]);
    const calls = [
      client.get('k', { timeoutMs: -1 }),
      client.get('k', { url: 'ftp://h' }),
      client.put('k', 'v', { contentType: 'text/plain\nX: y' }),
      client.put('k', 'v', { fences: [{ name: 'lock', fencingToken: 1.5 }] }),
      client.put('k', 'v', { fences: [{ name: '', fencingToken: 1 }] }),
      client.locks.acquire('l', { ttlMs: 0 }),
      client.locks.acquire('l', { ttlMs: 1, waitMs: Number.NaN }),
      client.sequences.next('..'),
      client.claims.get('names', ''),
      client.put('k', (() => 1) as unknown as object),
      client.put('k', { n: 1n }),
      client.put('k', 'v', { ifMatch: '' }),
      client.get(''),
      client.get('a\ud800'),
      client.getMany([]),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'invalid-argument', outcome: 'not-applied', retryable: false },
      });
    }
  });
});
