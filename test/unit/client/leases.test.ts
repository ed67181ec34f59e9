/** Locks and leaderships: getting one, keeping it while there is work, and learning that it is gone. */
import { describe, expect, test } from 'vitest';
import { LeaseLostError } from '../../../src/client/errors.js';
import type { Lock } from '../../../src/client/locks.js';
import { CUT, json, problem, tokenOf } from './answers-of-replicas.js';
import type { ReceivedRequest, ScriptedReplica, Step } from './scripted-replica.js';
import { rejection, replica, testClient } from './test-client.js';

const token = { 'Causal-Token': tokenOf({ log: 4 }) };
const granted = json({ fencingToken: 9, owner: 'ann', ttlMs: 30_000 }, token);
const fenced = problem('fenced', { owner: 'bob' });

const verbs = ({ requests }: ScriptedReplica) => requests.map(({ path }) => path.split('/').at(-1));

/** A replica whose answers depend on what is asked. */
function answering(answers: Readonly<Record<string, Step>>): Promise<ScriptedReplica> {
  return replica((response, request: ReceivedRequest) => {
    const step = answers[request.path.split('/').at(-1) ?? ''] ?? granted;
    if (typeof step === 'function') step(response, request);
    else response.writeHead(step.status ?? 200, step.headers).end(step.body);
  });
}

describe('acquire', () => {
  test('asks in the owner’s name and gives a lock that can fence writes', async () => {
    const r1 = await replica(granted);
    const { client } = testClient([r1.url]);
    const lock = await client.locks.acquire('jobs/1', { owner: 'ann', ttlMs: 30_000 });
    expect(r1.requests[0]).toMatchObject({ method: 'POST', path: '/v1/locks/jobs%2F1/acquire' });
    expect(JSON.parse(r1.requests[0]?.body ?? '')).toEqual({ owner: 'ann', ttlMs: 30_000 });
    expect(lock).toMatchObject({ name: 'jobs/1', owner: 'ann', fencingToken: 9, ttlMs: 30_000, remainingMs: 30_000 });
    await rejection(client.put('k', 'v', { fences: [lock] }));
    expect(r1.requests[1]?.headers['fencing-token']).toBe('jobs%2F1=9');
  });

  test('makes an owner up', async () => {
    const r1 = await replica(granted);
    await testClient([r1.url]).client.locks.acquire('l', { ttlMs: 1_000 });
    expect(JSON.parse(r1.requests[0]?.body ?? '')).toEqual({ owner: 'key-1', ttlMs: 1_000 });
  });

  test('that may have succeeded is repeated under the same key, and the lease counts from the first attempt', async () => {
    const r1 = await replica(CUT, granted);
    const { client } = testClient([r1.url]);
    const lock = await client.locks.acquire('l', { owner: 'ann', ttlMs: 30_000 });
    expect(r1.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
    expect(lock.remainingMs).toBe(30_000 - 25);
  });

  test('without a key is not repeated', async () => {
    const r1 = await replica(CUT, granted);
    const { client } = testClient([r1.url], { idempotency: 'off' });
    expect(await rejection(client.locks.acquire('l', { ttlMs: 1 }))).toMatchObject({ outcome: 'unknown' });
    expect(r1.requests).toHaveLength(1);
  });

  test('of a held lock fails at once, and says who has it for how long', async () => {
    const r1 = await replica(problem('lock-held', { owner: 'bob', remainingMs: 1_200 }));
    const error = await rejection(testClient([r1.url]).client.locks.acquire('l', { ttlMs: 1 }));
    expect(error).toMatchObject({ code: 'lock-held', owner: 'bob', remainingMs: 1_200, outcome: 'not-applied' });
    expect(r1.requests).toHaveLength(1);
  });

  test('with a wait gives the replica its usual time for all but the wait', async () => {
    const r1 = await replica((response) => void setTimeout(() => response.writeHead(200).end(granted.body), 100));
    const { client } = testClient([r1.url], { attemptTimeoutMs: 50, timeoutMs: 50 });
    await client.locks.acquire('l', { ttlMs: 30_000, waitMs: 60_000 });
    expect(r1.requests[0]?.headers['consistency-level']).toBe('linearizable;timeout=45');
    expect(JSON.parse(r1.requests[0]?.body ?? '')).toMatchObject({ waitMs: 60_000 });
  });
});

describe('a lock', () => {
  const held = async (...steps: readonly Step[]): Promise<{ lock: Lock; r1: ScriptedReplica }> => {
    const r1 = await replica(granted, ...steps);
    const { client } = testClient([r1.url], { idempotency: 'off' });
    return { r1, lock: await client.locks.acquire('l', { ttlMs: 30_000 }) };
  };

  test('is renewed under its token, again and again if need be, without a key', async () => {
    const { lock, r1 } = await held(CUT, granted);
    await lock.renew();
    expect(verbs(r1)).toEqual(['acquire', 'renew', 'renew']);
    expect(r1.requests[2]).toMatchObject({ body: '{"fencingToken":9}' });
    expect(lock.remainingMs).toBe(30_000 - 25);
  });

  test('is released under its token, and is then over', async () => {
    const { lock, r1 } = await held(json({}, token));
    await lock.release();
    expect(r1.requests[1]).toMatchObject({ path: '/v1/locks/l/release', body: '{"fencingToken":9}' });
    expect(lock.remainingMs).toBe(0);
  });

  test('that has moved on is neither renewed nor released', async () => {
    const { lock } = await held(fenced);
    expect(await rejection(lock.renew())).toMatchObject({ code: 'fenced', owner: 'bob' });
    expect(await rejection(lock.release())).toMatchObject({ code: 'fenced' });
  });

  test('is held by somebody or nobody', async () => {
    const state = { owner: 'bob', fencingToken: 4, ttlMs: 1_000, remainingMs: 12, waiting: ['eve'] };
    const r1 = await replica(json(state), json({ owner: null }), problem('not-found'));
    const { locks } = testClient([r1.url]).client;
    expect(await locks.get('l')).toMatchObject({ held: true, ...state });
    expect(await locks.get('l')).toMatchObject({ held: false });
    expect(await locks.get('l', { level: 'causal' })).toMatchObject({ held: false });
    expect(r1.requests[0]?.headers['consistency-level']).toMatch(/^linearizable/);
  });
});

describe('work under a lock', () => {
  const options = { owner: 'ann', ttlMs: 30_000 };

  test('is done between acquire and release, and its result is the result', async () => {
    const r1 = await answering({});
    const { locks } = testClient([r1.url]).client;
    expect(await locks.withLock('l', options, ({ fencingToken }) => fencingToken + 1)).toBe(10);
    expect([verbs(r1)[0], verbs(r1).at(-1)]).toEqual(['acquire', 'release']);
  });

  test('keeps the lease alive by a renewal every third of its time', async () => {
    const r1 = await answering({});
    const { client, pauses } = testClient([r1.url]);
    await client.locks.withLock('l', options, async () => {
      await expect.poll(() => verbs(r1).filter((verb) => verb === 'renew').length).toBeGreaterThan(2);
    });
    expect(pauses.slice(0, 3)).toEqual([10_000, 10_000, 10_000]);
  });

  test('that fails releases the lock all the same', async () => {
    const r1 = await answering({});
    const { locks } = testClient([r1.url]).client;
    const failure = new Error('disk full');
    const failing = locks.withLock('l', options, () => {
      throw failure;
    });
    expect(await rejection(failing)).toBe(failure);
    expect(verbs(r1).at(-1)).toBe('release');
  });

  test('is told when the lock has moved on, and its result does not count', async () => {
    const r1 = await answering({ renew: fenced });
    const { locks } = testClient([r1.url]).client;
    const reasons: unknown[] = [];
    const error = await rejection(
      locks.withLock('l', options, async (_, signal) => {
        await expect.poll(() => signal.aborted).toBe(true);
        reasons.push(signal.reason);
        return 'done';
      }),
    );
    expect(error).toBeInstanceOf(LeaseLostError);
    expect(reasons).toEqual([error]);
    expect(error).toMatchObject({ code: 'lease-lost', lease: 'l', fencingToken: 9, cause: { code: 'fenced' } });
    expect(verbs(r1)).not.toContain('release');
  });

  test('outlives a replica that cannot renew for a while', async () => {
    let refusals = 0;
    const r1 = await answering({
      renew: (response) => {
        refusals += 1;
        const answer = refusals <= 2 ? problem('no-quorum') : granted;
        response.writeHead(refusals <= 2 ? 503 : 200, answer.headers).end(answer.body);
      },
    });
    const { locks } = testClient([r1.url], { retry: false }).client;
    await locks.withLock('l', options, async (_, signal) => {
      await expect.poll(() => refusals).toBeGreaterThan(3);
      expect(signal.aborted).toBe(false);
    });
  });

  test('is told when the lease ran out because nobody renewed it', async () => {
    const r1 = await answering({ renew: problem('no-quorum') });
    const { client, pauses } = testClient([r1.url], { retry: false });
    const error = await rejection(
      client.locks.withLock('l', options, async (_, signal) => {
        await expect.poll(() => signal.aborted).toBe(true);
      }),
    );
    expect(error).toMatchObject({ code: 'lease-lost', cause: { code: 'no-quorum' } });
    expect(pauses.reduce((sum, pauseMs) => sum + pauseMs, 0)).toBe(30_000);
  });

  test('does not count if the release says that the lock had moved on', async () => {
    const r1 = await answering({ release: fenced });
    const { locks } = testClient([r1.url]).client;
    expect(await rejection(locks.withLock('l', options, () => 'done'))).toMatchObject({ code: 'lease-lost' });
  });

  test('counts if the release cannot be delivered while the lease lasts', async () => {
    const r1 = await answering({ release: problem('overloaded') });
    const { locks } = testClient([r1.url], { retry: false }).client;
    expect(await locks.withLock('l', options, () => 'done')).toBe('done');
  });

  test.each([
    ['begins with a whole lease after a long wait', granted, ['acquire', 'renew', 'release'], 'done'],
    ['does not begin if the lease was over before the answer came', fenced, ['acquire', 'renew', 'release'], undefined],
  ])('%s', async (_, renewed, asked, result) => {
    const busy = problem('overloaded', {}, { 'Retry-After': '25' });
    let acquires = 0;
    const r1 = await answering({
      renew: renewed,
      release: fenced,
      acquire: (response) => {
        acquires += 1;
        const answer = acquires === 1 ? busy : granted;
        response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
      },
    });
    const { locks } = testClient([r1.url], { timeoutMs: 60_000 }).client;
    let found: string | undefined;
    const error = await rejection(
      locks.withLock('l', options, () => {
        found = 'done';
      }),
    );
    expect(found).toBe(result);
    expect(error).toMatchObject({ code: result === undefined ? 'fenced' : 'lease-lost' });
    expect([...new Set(verbs(r1))]).toEqual(asked);
  });

  test('is told when its caller gives up', async () => {
    const r1 = await answering({});
    const { locks } = testClient([r1.url]).client;
    const caller = new AbortController();
    const result = await locks.withLock('l', { ...options, signal: caller.signal }, (_, signal) => {
      caller.abort('enough');
      return signal.reason;
    });
    expect(result).toBe('enough');
  });
});

test('a leader is elected, renews, and resigns, by a lock whose token is the term', async () => {
  const r1 = await answering({});
  const { elections } = testClient([r1.url]).client;
  const leader = await elections.campaign('e', { owner: 'ann', ttlMs: 30_000, waitMs: 1_000 });
  expect(leader).toMatchObject({ term: 9, owner: 'ann' });
  await leader.renew();
  await leader.resign();
  expect(await elections.withLeadership('e', { ttlMs: 30_000 }, ({ term }) => term)).toBe(9);
  expect(r1.requests.slice(0, 3).map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
    ['/v1/elections/e/campaign', { owner: 'ann', ttlMs: 30_000, waitMs: 1_000 }],
    ['/v1/elections/e/renew', { fencingToken: 9 }],
    ['/v1/elections/e/resign', { fencingToken: 9 }],
  ]);
  expect(verbs(r1).at(-1)).toBe('resign');
});
