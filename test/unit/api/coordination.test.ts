/** Sequences, claims and constraints: what only one order of everything can decide. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { decodeToken } from '../../../src/clocks/causal-token.js';
import { CLUSTER, expectProblem, openApp, succeed } from './harness.js';

const open = () => openApp({}, { ordered: true });
const HALF = '\ud800';

describe('a sequence', () => {
  const next = { method: 'POST', url: '/v1/sequences/orders/next' } as const;

  it('begins with 1 and hands out every number once', async () => {
    const { app } = open();
    expect((await succeed(app, { url: '/v1/sequences/orders' })).json()).toEqual({ value: 0 });
    for (const value of [1, 2, 3]) {
      const response = await succeed(app, next);
      expect(response.json()).toEqual({ value });
      expect(response.headers).toMatchObject({ 'consistency-level': 'linearizable', 'served-by': 'r1' });
      expect(decodeToken(CLUSTER, String(response.headers['causal-token'])).toJSON()).toEqual({ log: value });
    }
    expect((await succeed(app, { url: '/v1/sequences/orders' })).json()).toEqual({ value: 3 });
    expect((await succeed(app, { ...next, url: '/v1/sequences/others/next' })).json()).toEqual({ value: 1 });
  });

  it('gives a retry under one idempotency key the same number', async () => {
    const { app } = open();
    const headers = { 'idempotency-key': 'once' };
    const numbers = [await succeed(app, { ...next, headers }), await succeed(app, { ...next, headers })];
    expect(numbers.map((response) => response.json())).toEqual([{ value: 1 }, { value: 1 }]);
    expect(numbers.map((response) => response.headers['idempotent-replayed'])).toEqual([undefined, 'true']);
    expect((await succeed(app, next)).json()).toEqual({ value: 2 });
    const other = { ...next, url: '/v1/sequences/others/next', headers };
    expectProblem(await app.inject(other), 'idempotency-key-reused');
  });

  it('takes an empty object for a body, and nothing else', async () => {
    const { app } = open();
    await succeed(app, { ...next, payload: {} });
    expectProblem(await app.inject({ ...next, payload: { count: 2 } }), 'invalid-request');
    expectProblem(await app.inject({ ...next, payload: [] }), 'invalid-request');
  });
});

describe('an object', () => {
  it.each(['causal', 'eventual', 'linearizable'])('is read at %s, and the answer says so', async (level) => {
    const { app } = open();
    await succeed(app, { method: 'POST', url: '/v1/sequences/s/next' });
    const headers = { 'consistency-level': level };
    for (const url of ['/v1/sequences/s', '/v1/claims/a/b', '/v1/constraints/c', '/v1/locks/l', '/v1/elections/e']) {
      const response = await app.inject({ url, headers });
      if (url !== '/v1/sequences/s') expectProblem(response, 'not-found');
      expect(response.headers['consistency-level']).toBe(level);
      expect(decodeToken(CLUSTER, String(response.headers['causal-token'])).toJSON()).toEqual({ log: 1 });
    }
  });

  it.each([
    ['POST', '/v1/sequences/s/next', {}],
    ['PUT', '/v1/claims/a/b', { owner: 'o' }],
    ['DELETE', '/v1/claims/a/b', { owner: 'o' }],
    ['PUT', '/v1/constraints/c', { prefix: '', field: '' }],
    ['DELETE', '/v1/constraints/c', {}],
    ['POST', '/v1/locks/l/acquire', { owner: 'o', ttlMs: 1 }],
    ['POST', '/v1/locks/l/renew', { fencingToken: 1 }],
    ['POST', '/v1/locks/l/release', { fencingToken: 1 }],
    ['POST', '/v1/elections/e/campaign', { owner: 'o', ttlMs: 1 }],
    ['POST', '/v1/elections/e/resign', { fencingToken: 1 }],
  ] as const)('%s %s is refused at weaker levels and with headers of other writes', async (method, url, payload) => {
    const { app, replica } = open();
    for (const level of ['causal', 'eventual']) {
      const response = await app.inject({ method, url, payload, headers: { 'consistency-level': level } });
      expect(expectProblem(response, 'level-too-weak')).toMatchObject({ level, served: ['linearizable'] });
    }
    for (const name of ['if-match', 'if-none-match', 'fencing-token']) {
      expectProblem(await app.inject({ method, url, payload, headers: { [name]: '*' } }), 'invalid-request');
    }
    const headers = { 'idempotency-key': 'a b' };
    expectProblem(await app.inject({ method, url, payload, headers }), 'invalid-request');
    expectProblem(await app.inject({ method, url: `${url}?atomic=1`, payload }), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it.each([
    ['a%20b', 200],
    ['a%2Fb%2fc', 200],
    ['zw%C3%B6lf', 200],
    ['%2525', 200],
    ['+', 200],
    ['%00', 200],
    ['s'.repeat(LIMITS.coordinationNameMaxBytes), 200],
    ['%C3%B6'.repeat(127), 200],
    ['%C3%B6'.repeat(128), 400],
    ['s'.repeat(LIMITS.coordinationNameMaxBytes + 1), 400],
    ['s'.repeat(2000), 400],
    ['%FF', 400],
    ['%zz', 400],
    ['%ED%A0%80', 400],
  ])('may be called %s: %i', async (encoded, status) => {
    const { app } = open();
    const response = await app.inject({ method: 'POST', url: `/v1/sequences/${encoded}/next` });
    expect(response.statusCode).toBe(status);
    if (status === 200) {
      const again = await succeed(app, { url: `/v1/sequences/${encoded.replaceAll('%2f', '%2F')}` });
      expect(again.json()).toEqual({ value: 1 });
    } else expectProblem(response, 'invalid-request');
  });
});

describe('a claim', () => {
  const URL = '/v1/claims/mail/a%40b.c%2Fd';
  const put = (owner: string) => ({ method: 'PUT' as const, url: URL, payload: { owner } });

  it('is the first owner’s', async () => {
    const { app } = open();
    const claim = { namespace: 'mail', value: 'a@b.c/d', owner: 'alice' };
    const created = await succeed(app, put('alice'));
    expect(created.statusCode).toBe(201);
    expect(created.json()).toEqual(claim);
    const again = await succeed(app, put('alice'));
    expect(again.statusCode).toBe(200);
    expect(again.json()).toEqual(claim);
    expect(expectProblem(await app.inject(put('bob')), 'already-claimed')).toMatchObject({ owner: 'alice' });
    expect((await succeed(app, { url: URL })).json()).toEqual(claim);
  });

  it('is given back by its owner and by nobody else', async () => {
    const { app } = open();
    const remove = (owner: string) => ({ ...put(owner), method: 'DELETE' as const });
    await succeed(app, put('alice'));
    expect(expectProblem(await app.inject(remove('bob')), 'already-claimed')).toMatchObject({ owner: 'alice' });
    expect((await succeed(app, remove('alice'))).json()).toEqual({ existed: true });
    expect((await succeed(app, remove('alice'))).json()).toEqual({ existed: false });
    expectProblem(await app.inject(URL), 'not-found');
    expect((await succeed(app, put('bob'))).statusCode).toBe(201);
  });

  it('may be of a value of 511 bytes, and not of more', async () => {
    const { app } = open();
    const of = (length: number) => ({ ...put('alice'), url: `/v1/claims/n/${'%41'.repeat(length)}` });
    expect((await succeed(app, of(LIMITS.claimValueMaxBytes))).json().value).toBe('A'.repeat(511));
    expectProblem(await app.inject(of(LIMITS.claimValueMaxBytes + 1)), 'invalid-request');
  });

  it.each([
    ['without an owner', {}],
    ['for an owner that is empty', { owner: '' }],
    ['for an owner that is no text', { owner: 7 }],
    ['for an owner of 256 bytes', { owner: 'o'.repeat(256) }],
    ['for an owner that is half a character', { owner: HALF }],
    ['with an unknown member', { owner: 'o', ttlMs: 1 }],
    ['that is a list', []],
  ])('%s is refused', async (_, payload) => {
    const { app, replica } = open();
    for (const method of ['PUT', 'DELETE'] as const) {
      const headers = { 'content-type': 'application/json' };
      const body = Buffer.from(JSON.stringify(payload));
      expectProblem(await app.inject({ method, url: URL, payload: body, headers }), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });

  it('without a body is refused', async () => {
    const { app } = open();
    expectProblem(await app.inject({ method: 'PUT', url: URL }), 'invalid-request');
    expectProblem(await app.inject({ method: 'DELETE', url: URL }), 'invalid-request');
  });
});

describe('a constraint', () => {
  const URL = '/v1/constraints/mail';
  const put = (payload: object) => ({ method: 'PUT' as const, url: URL, payload });
  const user = (name: string, mail: unknown) => ({
    method: 'PUT' as const,
    url: `/v1/kv/users/${name}`,
    payload: { mail },
    headers: { 'consistency-level': 'linearizable' },
  });
  const terms = { prefix: 'users/', field: '/mail' };

  it('keeps values apart from when it is declared until it is dropped', async () => {
    const { app } = open();
    await succeed(app, user('a', 'x'));
    const declared = await succeed(app, put(terms));
    expect(declared.statusCode).toBe(201);
    expect(declared.json()).toEqual({ name: 'mail', ...terms });
    expect((await succeed(app, put(terms))).statusCode).toBe(200);
    expect((await succeed(app, { url: URL })).json()).toEqual({ name: 'mail', ...terms });
    expect(expectProblem(await app.inject(user('b', 'x')), 'unique-violation')).toMatchObject({ owner: 'users/a' });
    await succeed(app, user('b', 'y'));
    expect((await succeed(app, { method: 'DELETE', url: URL })).json()).toEqual({ existed: true });
    expect((await succeed(app, { method: 'DELETE', url: URL })).json()).toEqual({ existed: false });
    expectProblem(await app.inject(URL), 'not-found');
    await succeed(app, user('c', 'x'));
  });

  it('that the data break already is refused with the keys that do', async () => {
    const { app } = open();
    for (const name of ['a', 'b']) await succeed(app, user(name, 'same'));
    await succeed(app, user('c', 'other'));
    expect(expectProblem(await app.inject(put(terms)), 'unique-violation')).toMatchObject({
      keys: ['users/a', 'users/b'],
      outcome: 'not-applied',
    });
    expectProblem(await app.inject(URL), 'not-found');
  });

  it('over values that are no JSON is refused, and so are such values under it', async () => {
    const { app } = open();
    const text = { ...user('a', ''), payload: 'no json' };
    await succeed(app, put(terms));
    expectProblem(await app.inject(text), 'invalid-request');
    await succeed(app, { method: 'DELETE', url: URL });
    await succeed(app, text);
    expect(expectProblem(await app.inject(put(terms)), 'unique-violation')).toMatchObject({ keys: ['users/a'] });
  });

  it('may be over every key, and the whole of a value', async () => {
    const { app } = open();
    await succeed(app, put({ prefix: '', field: '' }));
  });

  it.each([
    ['whose pointer does not begin with a slash', { prefix: 'a', field: 'mail' }],
    ['whose pointer escapes nothing', { prefix: 'a', field: '/ma~il' }],
    ['whose pointer ends in an escape', { prefix: 'a', field: '/mail~' }],
    ['whose pointer is too long', { prefix: 'a', field: `/${'x'.repeat(LIMITS.jsonPointerMaxBytes)}` }],
    ['whose pointer is too deep', { prefix: 'a', field: '/x'.repeat(LIMITS.jsonPointerMaxTokens + 1) }],
    ['whose pointer is half a character', { prefix: 'a', field: `/${HALF}` }],
    ['whose pointer is no text', { prefix: 'a', field: ['mail'] }],
    ['without a pointer', { prefix: 'a' }],
    ['without a prefix', { field: '/mail' }],
    ['whose prefix is longer than any key', { prefix: 'a'.repeat(LIMITS.keyMaxBytes + 1), field: '/mail' }],
    ['whose prefix is half a character', { prefix: HALF, field: '/mail' }],
    ['with an unknown member', { prefix: 'a', field: '/mail', unique: true }],
  ])('%s is refused', async (_, payload) => {
    const { app } = open();
    const headers = { 'content-type': 'application/json' };
    const body = Buffer.from(JSON.stringify(payload));
    expectProblem(await app.inject({ method: 'PUT', url: URL, payload: body, headers }), 'invalid-request');
    expectProblem(await app.inject(URL), 'not-found');
  });
});
