/** Keys at `linearizable`: the same requests as at weaker levels, conditions besides, and refusals that say what would do. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { decodeToken } from '../../../src/clocks/causal-token.js';
import { CLUSTER, ELSEWHERE, expectProblem, openApp, succeed, tokenNaming } from './harness.js';

const URL = '/v1/kv/k';
const LINEARIZABLE = { 'consistency-level': 'linearizable' };
const open = () => openApp({}, { ordered: true });

describe('at linearizable', () => {
  it.each([
    ['the header', { 'consistency-level': 'linearizable' }, ''],
    ['the header with a time', { 'consistency-level': 'linearizable;timeout=80' }, ''],
    ['the query', {}, '?consistency=linearizable'],
  ])('a key is written, read and deleted where %s says so', async (_, headers, query) => {
    const { app } = open();
    const put = await succeed(app, { method: 'PUT', url: URL + query, payload: 'x', headers });
    expect(put.statusCode).toBe(200);
    expect(put.headers).toMatchObject({ durability: 'majority', 'consistency-level': 'linearizable', etag: '"log.1"' });
    expect(put.headers['server-timing']).toMatch(/^wait;dur=[\d.]+, log;dur=3, store;dur=[\d.]+, total;dur=[\d.]+$/);
    expect(put.json()).toEqual({
      key: 'k',
      etag: '"log.1"',
      level: 'linearizable',
      durability: 'majority',
      token: put.headers['causal-token'],
      replica: 'r1',
      timestamp: expect.stringMatching(/^\d+\.\d+$/),
    });
    expect(decodeToken(CLUSTER, String(put.headers['causal-token'])).toJSON()).toEqual({ log: 1 });
    for (const method of ['GET', 'HEAD'] as const) {
      const read = await succeed(app, { method, url: URL + query, headers });
      expect(read.headers).toMatchObject({ etag: '"log.1"', 'consistency-level': 'linearizable', conflicts: '0' });
    }
    expect((await succeed(app, { url: `${URL}?format=entry`, headers: LINEARIZABLE })).json()).toMatchObject({
      etag: '"log.1"',
      value: 'x',
      level: 'linearizable',
    });
    await succeed(app, { method: 'DELETE', url: URL + query, headers });
    expect(expectProblem(await app.inject({ url: URL + query, headers }), 'not-found')).toMatchObject({
      level: 'linearizable',
    });
  });

  it('pages, chosen keys and batches are served', async () => {
    const { app } = open();
    const payload = { ops: ['a', 'b', 'c'].map((put) => ({ put, value: put })) };
    const batch = await succeed(app, { method: 'POST', url: '/v1/batch', payload, headers: LINEARIZABLE });
    expect(batch.json()).toMatchObject({
      level: 'linearizable',
      durability: 'majority',
      results: ['a', 'b', 'c'].map((key) => ({ key, etag: '"log.1"' })),
    });
    const page = await succeed(app, { url: '/v1/kv?limit=2', headers: LINEARIZABLE });
    expect(page.json()).toMatchObject({ items: [{ key: 'a' }, { key: 'b' }], next: 'b', level: 'linearizable' });
    const chosen = await succeed(app, { url: '/v1/kv?keys=c,none', headers: LINEARIZABLE });
    expect(chosen.json()).toMatchObject({ items: [{ value: 'c' }, { etag: null }], level: 'linearizable' });
    expect(chosen.headers['server-timing']).toContain('log;dur=3');
  });

  it('weaker reads carry on from a linearizable write', async () => {
    const { app } = open();
    const put = await succeed(app, { method: 'PUT', url: URL, payload: 'x', headers: LINEARIZABLE });
    const read = await succeed(app, { url: URL, headers: { 'causal-token': String(put.headers['causal-token']) } });
    expect(read.headers).toMatchObject({ 'consistency-level': 'causal', etag: '"log.1"' });
    expect(read.headers['server-timing']).toContain('log;dur=0,');
  });

  it.each(['local', 'majority'])(
    'durability %s is answered with majority, which is as much or more',
    async (durability) => {
      const { app } = open();
      const headers = { ...LINEARIZABLE, durability };
      expect((await succeed(app, { method: 'PUT', url: URL, headers })).headers['durability']).toBe('majority');
    },
  );

  it.each(['all', 'quorum'])('durability %s is refused', async (durability) => {
    const { app, replica } = open();
    const headers = { ...LINEARIZABLE, durability };
    expectProblem(await app.inject({ method: 'PUT', url: URL, headers }), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('a retry under one idempotency key is the same write', async () => {
    const { app } = open();
    const write = (payload: string) =>
      app.inject({ method: 'PUT', url: URL, payload, headers: { ...LINEARIZABLE, 'idempotency-key': 'once' } });
    const first = await write('x');
    const retry = await write('x');
    expect(retry.json()).toEqual(first.json());
    expect(retry.headers['idempotent-replayed']).toBe('true');
    expectProblem(await write('y'), 'idempotency-key-reused');
  });
});

describe('without a quorum', () => {
  it.each([
    ['a read', { method: 'GET', url: URL }, ['causal', 'eventual']],
    ['a write', { method: 'PUT', url: URL, payload: 'x' }, ['causal', 'eventual']],
    ['a page', { method: 'GET', url: '/v1/kv' }, ['causal', 'eventual']],
    ['the look at a lock', { method: 'GET', url: '/v1/locks/l' }, ['causal', 'eventual']],
    ['a conditional write', { method: 'PUT', url: URL, headers: { 'if-none-match': '*' } }, []],
    ['a transaction', { method: 'POST', url: '/v1/txn', payload: { else: [{ get: 'a' }] } }, []],
    ['a sequence', { method: 'POST', url: '/v1/sequences/s/next' }, []],
  ] as const)('%s is told which levels would do', async (_, request, served) => {
    const { app, replica } = open();
    if (replica.ordered !== undefined) replica.ordered.hasQuorum = false;
    const headers = { ...LINEARIZABLE, ...('headers' in request ? request.headers : {}) };
    const problem = expectProblem(await app.inject({ ...request, headers }), 'no-quorum');
    expect(problem).toMatchObject({ served, level: 'linearizable', outcome: 'not-applied' });
  });

  it('causal would not do for a token that is not covered', async () => {
    const { app } = open();
    const headers = { 'consistency-level': 'linearizable;timeout=1', 'causal-token': tokenNaming(3) };
    const problem = expectProblem(await app.inject({ url: URL, headers }), 'causal-wait-timeout');
    expect(problem).toMatchObject({ served: ['eventual'], missing: [{ origin: ELSEWHERE, have: 0, need: 3 }] });
  });

  it('nothing would do while the replica shuts down', async () => {
    const { app, replica } = open();
    await replica.drain();
    const response = await app.inject({ url: URL, headers: LINEARIZABLE });
    expect(expectProblem(response, 'shutting-down')).toMatchObject({ served: [] });
  });

  it('the replica is not ready for linearizable, and is for the others', async () => {
    const { app, replica } = open();
    await succeed(app, { url: '/readyz?level=linearizable' });
    if (replica.ordered !== undefined) replica.ordered.hasQuorum = false;
    expectProblem(await app.inject('/readyz?level=linearizable'), 'not-ready');
    await succeed(app, { url: '/readyz?level=causal' });
    await succeed(app, { url: '/readyz' });
  });
});

describe('a condition', () => {
  const write = (headers: Record<string, string>, method: 'PUT' | 'DELETE' = 'PUT', url = URL) => ({
    method,
    url,
    headers: { ...LINEARIZABLE, ...headers },
  });

  it('If-None-Match: * creates a key with 201, once', async () => {
    const { app } = open();
    const created = await succeed(app, write({ 'if-none-match': '*' }));
    expect(created.statusCode).toBe(201);
    expect(created.json()).toMatchObject({ key: 'k', etag: '"log.1"' });
    const again = await app.inject(write({ 'if-none-match': '*' }));
    expect(expectProblem(again, 'precondition-failed')).toMatchObject({ etag: '"log.1"' });
    // The session has seen what it was refused by.
    expect(again.headers['causal-token']).toBe(created.headers['causal-token']);
    await succeed(app, write({}, 'DELETE'));
    expect((await succeed(app, write({ 'if-none-match': ' * ' }))).statusCode).toBe(201);
    expect((await succeed(app, write({ 'if-match': '*' }))).statusCode).toBe(200);
  });

  it('is 204 for a client that prefers no receipt', async () => {
    const { app } = open();
    expect((await succeed(app, write({ 'if-none-match': '*', prefer: 'return=minimal' }))).statusCode).toBe(204);
  });

  it.each(['PUT', 'DELETE'] as const)(
    'If-Match lets a %s replace what it has read, and nothing else',
    async (method) => {
      const { app } = open();
      const { etag } = (await succeed(app, write({}))).headers;
      expect((await succeed(app, write({ 'if-match': `"r9~00000000.7", ${etag}` }, method))).statusCode).toBe(200);
      const refused = expectProblem(
        await app.inject(write({ 'if-match': String(etag) }, method)),
        'precondition-failed',
      );
      expect(refused).toMatchObject({ etag: method === 'PUT' ? '"log.2"' : null, outcome: 'not-applied' });
    },
  );

  it('of a key that shows nothing finds nothing', async () => {
    const { app } = open();
    for (const condition of ['*', '"log.1"']) {
      const refused = expectProblem(await app.inject(write({ 'if-match': condition })), 'precondition-failed');
      expect(refused).toMatchObject({ etag: null });
    }
  });

  it('names the tag of a weaker write as well', async () => {
    const { app } = open();
    const { etag } = (await succeed(app, { method: 'PUT', url: URL, payload: 'weak' })).headers;
    await succeed(app, write({ 'if-match': String(etag) }));
  });

  it('with the tag of another key does not hold', async () => {
    const { app } = open();
    const other = await succeed(app, write({}, 'PUT', '/v1/kv/other'));
    await succeed(app, write({}));
    const refused = await app.inject(write({ 'if-match': String(other.headers['etag']) }));
    expect(expectProblem(refused, 'precondition-failed')).toMatchObject({ etag: '"log.2"' });
  });

  it.each([
    ['both at once', { 'if-match': '"log.1"', 'if-none-match': '*' }],
    ['a weak tag', { 'if-match': 'W/"log.1"' }],
    ['a weak tag in a list', { 'if-match': '"log.2", W/"log.1"' }],
    ['a tag without quotes', { 'if-match': 'log.1' }],
    ['a tag of some other server', { 'if-match': '"5d8c72a5edda8"' }],
    ['a tag of no origin', { 'if-match': '"R1.7"' }],
    ['a tag of counter 0', { 'if-match': '"log.0"' }],
    ['a tag of a counter no number holds', { 'if-match': '"log.9007199254740993"' }],
    ['a tag of a negative counter', { 'if-match': '"log.-1"' }],
    ['an empty list', { 'if-match': '' }],
    ['an empty place in a list', { 'if-match': '"log.1",' }],
    ['a star in a list', { 'if-match': '*, "log.1"' }],
    [
      'too many tags',
      {
        'if-match': Array(LIMITS.conditionMaxEtags + 1)
          .fill('"log.1"')
          .join(),
      },
    ],
    ['If-None-Match with a tag', { 'if-none-match': '"log.1"' }],
    ['If-None-Match that is empty', { 'if-none-match': '' }],
  ])('of %s is refused', async (_, condition) => {
    const { app, replica } = open();
    for (const method of ['PUT', 'DELETE'] as const) {
      expectProblem(await app.inject(write(condition as Record<string, string>, method)), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });

  it.each(['causal', 'eventual', undefined])('at %s is refused, and told what decides it', async (level) => {
    const { app, replica } = open();
    for (const condition of [
      { 'if-match': '*' },
      { 'if-none-match': '*' },
      { 'if-match': 'W/"x"', 'if-none-match': 'y' },
    ]) {
      const headers = { ...condition, ...(level === undefined ? {} : { 'consistency-level': level }) };
      const refused = expectProblem(
        await app.inject({ method: 'PUT', url: URL, headers }),
        'precondition-needs-linearizable',
      );
      expect(refused).toMatchObject({ served: ['linearizable'] });
    }
    expect(replica.calls).toBe(0);
  });

  it('on a batch is refused', async () => {
    const { app } = open();
    const payload = { ops: [{ put: 'a', value: '' }] };
    const headers = { ...LINEARIZABLE, 'if-match': '*' };
    expectProblem(await app.inject({ method: 'POST', url: '/v1/batch', payload, headers }), 'invalid-request');
  });
});
