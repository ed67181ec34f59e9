/** The session's token: kept through absence, refusals, retries, failover and concurrency (known bug 34). */
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/client/errors.js';
import { CUT, problem, receipt, tokenOf, value } from './answers-of-replicas.js';
import { DEAD_URL, rejection, replica, testClient } from './test-client.js';

const carrying = (counters: Readonly<Record<string, number>>) => ({ 'Causal-Token': tokenOf(counters) });

describe('a session keeps its token', () => {
  test('and sends it with every call', async () => {
    const r1 = await replica(receipt(carrying({ r1: 5 })), value('v', carrying({ r1: 5, r2: 2 })), value('v'));
    const session = testClient([r1.url]).client.session();
    expect(session.token).toBeUndefined();
    await session.put('k', 'v');
    await session.get('k');
    await session.get('k');
    expect(r1.requests.map(({ headers }) => headers['causal-token'])).toEqual([
      undefined,
      tokenOf({ r1: 5 }),
      tokenOf({ r1: 5, r2: 2 }),
    ]);
  });

  test('when a key is absent', async () => {
    const r1 = await replica(problem('not-found', {}, carrying({ r3: 9 })));
    const session = testClient([r1.url]).client.session();
    expect(await session.get('k')).toMatchObject({ found: false, token: tokenOf({ r3: 9 }) });
    expect(session.token).toBe(tokenOf({ r3: 9 }));
  });

  test('when a call is refused', async () => {
    const r1 = await replica(problem('precondition-failed', {}, carrying({ log: 4 })));
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 1 }));
    await rejection(session.put('k', 'v', { ifMatch: 'x', level: 'linearizable' }));
    expect(session.token).toBe(tokenOf({ r1: 1, log: 4 }));
  });

  test('when a call fails at one replica and succeeds at another', async () => {
    const token = tokenOf({ r1: 7 });
    const r2 = await replica(CUT);
    const r3 = await replica(problem('shutting-down'));
    const r4 = await replica(value('v', carrying({ r1: 7, r2: 1 })));
    const session = testClient([DEAD_URL, r2.url, r3.url, r4.url]).client.session(token);
    await session.get('k');
    const sent = [r2, r3, r4].map(({ requests }) => requests[0]?.headers['causal-token']);
    expect(sent).toEqual([token, token, token]);
    expect(session.token).toBe(tokenOf({ r1: 7, r2: 1 }));
  });

  test('that a refused attempt brought, even if the attempt after it brings less', async () => {
    const r1 = await replica(problem('overloaded', {}, carrying({ r2: 8 })), value('v', carrying({ r1: 1 })));
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 1 }));
    await session.get('k');
    expect(session.token).toBe(tokenOf({ r1: 1, r2: 8 }));
  });

  test('when every attempt fails', async () => {
    const token = tokenOf({ r1: 7 });
    const session = testClient([DEAD_URL], { retry: { attempts: 2 } }).client.session(token);
    await rejection(session.get('k'));
    expect(session.token).toBe(token);
  });

  test('when an answer names less than was sent', async () => {
    const r1 = await replica(value('v', carrying({ r1: 1 })));
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 7, r2: 3 }));
    await session.get('k');
    expect(session.token).toBe(tokenOf({ r1: 7, r2: 3 }));
  });

  test('of both when two calls are in flight at once', async () => {
    const r1 = await replica(value('v', carrying({ r1: 5 })), value('v', carrying({ r2: 6 })));
    const session = testClient([r1.url]).client.session();
    await Promise.all([session.get('a'), session.get('b')]);
    expect(session.token).toBe(tokenOf({ r1: 5, r2: 6 }));
  });

  test('through a whole scan', async () => {
    const page = (next?: string) => JSON.stringify({ items: [], next });
    const headers = { 'Content-Type': 'application/json', ...carrying({ r1: 2 }) };
    const r1 = await replica({ headers, body: page('b') }, { headers, body: page() });
    const session = testClient([r1.url]).client.session();
    for await (const _ of session.scan('')) throw new Error('there are no items');
    expect(r1.requests[1]?.headers['causal-token']).toBe(tokenOf({ r1: 2 }));
  });
});

test('a session is resumed from its token, by another client', async () => {
  const r1 = await replica(receipt(carrying({ r1: 5 })));
  const r2 = await replica(value('v', carrying({ r1: 5 })));
  const session = testClient([r1.url]).client.session();
  await session.put('k', 'v');
  const stored = JSON.stringify({ token: session.token });
  await testClient([r2.url]).client.session(JSON.parse(stored).token).get('k');
  expect(r2.requests[0]?.headers['causal-token']).toBe(tokenOf({ r1: 5 }));
});

test('a session joins the token of another', () => {
  const session = testClient([DEAD_URL]).client.session(tokenOf({ r1: 5 }));
  session.join(tokenOf({ r2: 1 }));
  expect(session.token).toBe(tokenOf({ r1: 5, r2: 1 }));
  expect(() => session.join(tokenOf({ r1: 9 }, 'other'))).toThrow('cannot be joined');
  expect(session.token).toBe(tokenOf({ r1: 5, r2: 1 }));
});

test('calls outside of a session neither send nor keep a token', async () => {
  const r1 = await replica(value('v', carrying({ r1: 5 })));
  const { client } = testClient([r1.url]);
  expect(await client.get('k')).toMatchObject({ token: tokenOf({ r1: 5 }) });
  await client.get('k');
  expect(r1.requests[1]?.headers['causal-token']).toBeUndefined();
});

describe('a token the client cannot read', () => {
  const next = (token: string) => value('v', { 'Causal-Token': token });

  test('replaces the one it answers', async () => {
    const r1 = await replica(next('c9.aaaa'), next('c9.bbbb'), next('c9.bbbb'));
    const session = testClient([r1.url]).client.session();
    await session.get('k');
    await session.get('k');
    await session.get('k');
    expect(session.token).toBe('c9.bbbb');
    expect(r1.requests[2]?.headers['causal-token']).toBe('c9.bbbb');
  });

  test('never silently replaces another: the call fails', async () => {
    const r1 = await replica(next('c9.aaaa'), next('c9.bbbb'));
    const session = testClient([r1.url]).client.session();
    const results = await Promise.allSettled([session.get('a'), session.get('b')]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.map(({ reason }) => reason)).toEqual([expect.any(ProtocolError)]);
  });

  test('is passed over on a refusal, which reports itself', async () => {
    const r1 = await replica(problem('invalid-causal-token', {}, { 'Causal-Token': 'c9.zzzz' }));
    const session = testClient([r1.url]).client.session('c9.aaaa');
    expect(await rejection(session.get('k'))).toMatchObject({ code: 'invalid-causal-token' });
    expect(session.token).toBe('c9.aaaa');
  });
});

describe('an answer whose token was dropped on the way', () => {
  const bare = { headers: { ETag: '"x"', 'Version-Timestamp': '1.0' }, body: 'v' };

  test('fails a session that has one to lose', async () => {
    const r1 = await replica(bare);
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 1 }));
    expect(await rejection(session.get('k'))).toMatchObject({ code: 'protocol-violation', outcome: 'not-applied' });
  });

  test('fails a write of a session, whose outcome is then unknown', async () => {
    const { headers, ...rest } = receipt();
    const r1 = await replica({ ...rest, headers: { 'Content-Type': 'application/json' } });
    expect(headers?.['Causal-Token']).toBeDefined();
    const session = testClient([r1.url]).client.session();
    expect(await rejection(session.put('k', 'v'))).toMatchObject({ code: 'protocol-violation', outcome: 'unknown' });
  });

  test('does not matter outside of sessions', async () => {
    const r1 = await replica(bare);
    expect(await testClient([r1.url]).client.get('k')).toMatchObject({ found: true, token: undefined });
  });
});

test('an empty token is refused where it comes in', () => {
  expect(() => testClient([DEAD_URL]).client.session('')).toThrow('not a causal token');
});
