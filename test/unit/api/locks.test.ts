/** Locks and elections: one holder at a time, known by a number that only grows. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, listening, type Opened, openApp, succeed } from './harness.js';

const open = () => openApp({}, { ordered: true });
const post = (url: string, payload: unknown) => ({
  method: 'POST' as const,
  url,
  payload: Buffer.from(JSON.stringify(payload)),
  headers: { 'content-type': 'application/json' },
});

const KINDS = [
  { space: 'lock', url: '/v1/locks/l', acquire: 'acquire', release: 'release', withTerm: (_: number) => ({}) },
  {
    space: 'election',
    url: '/v1/elections/l',
    acquire: 'campaign',
    release: 'resign',
    withTerm: (term: number) => ({ term }),
  },
] as const;

describe.each(KINDS)('$space', ({ url, acquire, release, withTerm }) => {
  const ask = (owner: string, more: object = {}) => post(`${url}/${acquire}`, { owner, ttlMs: 1000, ...more });
  const holder = (action: string, fencingToken: number) => post(`${url}/${action}`, { fencingToken });
  const take = async ({ app }: Opened, owner: string): Promise<number> => {
    return (await succeed(app, ask(owner))).json().fencingToken;
  };

  it('has one holder, who is named to others with the time that is left', async () => {
    const opened = open();
    const { app, replica } = opened;
    const response = await succeed(app, ask('a'));
    const { fencingToken } = response.json();
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ fencingToken, owner: 'a', ttlMs: 1000, ...withTerm(fencingToken) });
    replica.ordered?.turnClock(400);
    for (const owner of ['a', 'b']) {
      const refused = expectProblem(await app.inject(ask(owner)), 'lock-held');
      expect(refused).toMatchObject({ owner: 'a', remainingMs: 600, outcome: 'not-applied' });
    }
    expect((await succeed(app, { url })).json()).toEqual({
      fencingToken,
      owner: 'a',
      ttlMs: 1000,
      remainingMs: 600,
      waiting: [],
      ...withTerm(fencingToken),
    });
  });

  it('ends with its time, and the next token is greater', async () => {
    const opened = open();
    const first = await take(opened, 'a');
    opened.replica.ordered?.turnClock(999);
    await succeed(opened.app, { url });
    opened.replica.ordered?.turnClock(1);
    expectProblem(await opened.app.inject(url), 'not-found');
    expect(await take(opened, 'b')).toBeGreaterThan(first);
  });

  it('is renewed by its holder, and by nobody else', async () => {
    const opened = open();
    const { app, replica } = opened;
    const token = await take(opened, 'a');
    replica.ordered?.turnClock(900);
    expect((await succeed(app, holder('renew', token))).json()).toEqual({
      fencingToken: token,
      owner: 'a',
      ttlMs: 1000,
      ...withTerm(token),
    });
    replica.ordered?.turnClock(900);
    expect((await succeed(app, { url })).json()).toMatchObject({ fencingToken: token, remainingMs: 100 });
    expect(expectProblem(await app.inject(holder('renew', token + 1)), 'fenced')).toMatchObject({ owner: 'a' });
  });

  it('is released by its holder, once, and by nobody else', async () => {
    const opened = open();
    const { app } = opened;
    expectProblem(await app.inject(holder(release, 1)), 'fenced');
    const token = await take(opened, 'a');
    expect(expectProblem(await app.inject(holder(release, token + 1)), 'fenced')).toMatchObject({ owner: 'a' });
    expect((await succeed(app, holder(release, token))).json()).toEqual({ released: true });
    expectProblem(await app.inject(holder(release, token)), 'fenced');
    expectProblem(await app.inject(url), 'not-found');
  });

  it('goes to those who wait in the order in which they came', async () => {
    const opened = open();
    const { app, replica } = opened;
    const token = await take(opened, 'a');
    const waiting = ['b', 'c'].map((owner) => app.inject(ask(owner, { waitMs: 5000 })));
    await expect.poll(() => replica.ordered?.waiting).toBe(2);
    const { waiting: queue } = (await succeed(app, { url })).json();
    expect([...queue].sort()).toEqual(['b', 'c']);
    await succeed(app, holder(release, token));
    expect((await succeed(app, { url })).json()).toMatchObject({ owner: queue[0], waiting: [queue[1]] });
    replica.ordered?.turnClock(1000);
    const answers = (await Promise.all(waiting)).map((response) => response.json());
    const tokens = queue.map((owner: string) => answers.find((answer) => answer.owner === owner).fencingToken);
    expect(tokens[0]).toBeGreaterThan(token);
    expect(tokens[1]).toBeGreaterThan(tokens[0]);
  });

  it('is not waited for longer than was said', async () => {
    const opened = open();
    const { app, replica } = opened;
    await succeed(app, ask('a', { ttlMs: 10_000 }));
    const waiting = app.inject(ask('b', { waitMs: 500 }));
    await expect.poll(() => replica.ordered?.waiting).toBe(1);
    replica.ordered?.turnClock(500);
    expect(expectProblem(await waiting, 'lock-held')).toMatchObject({ owner: 'a', remainingMs: 9500 });
    expect((await succeed(app, { url })).json()).toMatchObject({ waiting: [] });
  });

  it.each([
    ['without an owner', { ttlMs: 1 }],
    ['for an owner that is empty', { owner: '', ttlMs: 1 }],
    ['for an owner of 256 bytes', { owner: 'ö'.repeat(128), ttlMs: 1 }],
    ['for an owner that is half a character', { owner: '\ud800', ttlMs: 1 }],
    ['without a time', { owner: 'a' }],
    ['for no time', { owner: 'a', ttlMs: 0 }],
    ['for a negative time', { owner: 'a', ttlMs: -1000 }],
    ['for a fraction of a millisecond', { owner: 'a', ttlMs: 0.5 }],
    ['for a time in words', { owner: 'a', ttlMs: '1000' }],
    ['for more than a day', { owner: 'a', ttlMs: LIMITS.lockTtlMaxMs + 1 }],
    ['for a huge time', { owner: 'a', ttlMs: 1e300 }],
    ['for a time that is none', { owner: 'a', ttlMs: null }],
    ['with a negative wait', { owner: 'a', ttlMs: 1, waitMs: -1 }],
    ['with a fraction to wait', { owner: 'a', ttlMs: 1, waitMs: 1.5 }],
    ['with a huge wait', { owner: 'a', ttlMs: 1, waitMs: LIMITS.lockWaitMaxMs + 1 }],
    ['with an unknown member', { owner: 'a', ttlMs: 1, ttl: 1 }],
    ['that is no object', 'a'],
  ])(`${acquire} %s is refused`, async (_, payload) => {
    const { app, replica } = open();
    expectProblem(await app.inject(post(`${url}/${acquire}`, payload)), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('may be held for a day', async () => {
    await succeed(open().app, ask('a', { ttlMs: LIMITS.lockTtlMaxMs, waitMs: LIMITS.lockWaitMaxMs }));
  });

  it.each([
    ['without a token', {}],
    ['with token 0', { fencingToken: 0 }],
    ['with a negative token', { fencingToken: -1 }],
    ['with a fraction of a token', { fencingToken: 1.5 }],
    ['with a token in words', { fencingToken: '1' }],
    ['with a token that no number holds', { fencingToken: 2 ** 53 }],
    ['with an unknown member', { fencingToken: 1, owner: 'a' }],
  ])(`renew and ${release} %s are refused`, async (_, payload) => {
    const { app, replica } = open();
    for (const action of ['renew', release]) {
      expectProblem(await app.inject(post(`${url}/${action}`, payload)), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });
});

describe('a lock', () => {
  it('is not kept for a client that waited and has gone', async () => {
    const { app, replica } = open();
    await succeed(app, post('/v1/locks/x/acquire', { owner: 'a', ttlMs: 1000 }));
    const body = JSON.stringify({ owner: 'b', ttlMs: 1000, waitMs: 60_000 });
    const head = ['POST /v1/locks/x/acquire HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
    const port = await listening(app);
    const socket = connect(port, '127.0.0.1', () => {
      socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'));
    });
    await expect.poll(() => replica.ordered?.waiting).toBe(1);
    socket.destroy();
    await expect.poll(() => replica.ordered?.waiting).toBe(0);
    expect((await succeed(app, { url: '/v1/locks/x' })).json()).toMatchObject({ owner: 'a', waiting: [] });
  });

  it('is none of the elections of its name', async () => {
    const { app } = open();
    await succeed(app, post('/v1/locks/x/acquire', { owner: 'a', ttlMs: 1000 }));
    await succeed(app, post('/v1/elections/x/campaign', { owner: 'b', ttlMs: 1000 }));
    expect((await succeed(app, { url: '/v1/locks/x' })).json()).toMatchObject({ owner: 'a' });
    expect((await succeed(app, { url: '/v1/elections/x' })).json()).toMatchObject({ owner: 'b' });
  });

  it('is acquired once under one idempotency key', async () => {
    const { app } = open();
    const request = post('/v1/locks/x/acquire', { owner: 'a', ttlMs: 1000 });
    const retried = { ...request, headers: { ...request.headers, 'idempotency-key': 'once' } };
    const first = await succeed(app, retried);
    const retry = await succeed(app, retried);
    expect(retry.json()).toEqual(first.json());
    expect(retry.headers['idempotent-replayed']).toBe('true');
  });
});
