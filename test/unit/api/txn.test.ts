/** Transactions: conditions on several keys decide which of two branches is run, as one step. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, openApp, succeed } from './harness.js';

const URL = '/v1/txn';
const open = () => openApp({}, { ordered: true });
const puts = (count: number) => Array.from({ length: count }, (_, i) => ({ put: `k${i}`, value: '' }));
const txn = (payload: object, headers: Record<string, string> = {}) => ({
  method: 'POST' as const,
  url: URL,
  payload: Buffer.from(JSON.stringify(payload)),
  headers: { 'content-type': 'application/json', ...headers },
});
/** Members whose names are words that code checkers take for something else. */
const branches = (onSuccess: unknown, onFailure?: unknown, checks?: unknown) =>
  Object.fromEntries(
    [['if', checks] as const, ['then', onSuccess] as const, ['else', onFailure] as const].filter(([, ops]) => ops),
  );

describe('a transaction', () => {
  it('is linearizable without saying so, and its results stand in the order of its operations', async () => {
    const { app } = open();
    await succeed(app, { method: 'PUT', url: '/v1/kv/old', payload: 'was', headers: { 'content-type': 'text/x' } });
    const ops = [{ get: 'old' }, { put: 'new', value: 'is' }, { delete: 'gone' }, { get: 'none' }];
    const response = await succeed(app, txn(branches(ops)));
    expect(response.headers).toMatchObject({ 'consistency-level': 'linearizable', 'served-by': 'r1' });
    expect(response.headers['server-timing']).toContain('log;dur=3');
    expect(response.json()).toEqual({
      succeeded: true,
      results: [
        {
          key: 'old',
          etag: expect.stringMatching(/^"r1~/),
          contentType: 'text/x',
          encoding: 'utf8',
          value: 'was',
          timestamp: expect.stringMatching(/^\d+\.\d+$/),
          conflicts: 0,
        },
        { key: 'new', etag: '"log.1"' },
        { key: 'gone', etag: '"log.1"' },
        { key: 'none', etag: null, value: null },
      ],
      token: response.headers['causal-token'],
    });
    expect((await succeed(app, { url: '/v1/kv/new' })).body).toBe('is');
  });

  it.each([
    ['the tag it shows', (etag: string) => ({ key: 'k', etag }), true],
    ['any tag', () => ({ key: 'k', etag: '*' }), true],
    ['another tag', () => ({ key: 'k', etag: '"log.77"' }), false],
    ['no tag', () => ({ key: 'k', etag: null }), false],
    ['no tag of a key that is not there', () => ({ key: 'none', etag: null }), true],
    ['any tag of a key that is not there', () => ({ key: 'none', etag: '*' }), false],
    ['its value', () => ({ key: 'k', value: 'zwölf' }), true],
    ['its value as base64', () => ({ key: 'k', value: 'endDtmxm', encoding: 'base64' }), false],
    [
      'its very bytes as base64',
      () => ({ key: 'k', value: Buffer.from('zwölf').toString('base64'), encoding: 'base64' }),
      true,
    ],
    ['another value', () => ({ key: 'k', value: 'elf' }), false],
    ['no value', () => ({ key: 'k', value: null }), false],
    ['no value of a key that is not there', () => ({ key: 'none', value: null }), true],
  ])('asks for %s', async (_, check, succeeded) => {
    const { app } = open();
    const { etag } = (await succeed(app, { method: 'PUT', url: '/v1/kv/k', payload: 'zwölf' })).headers;
    const request = txn(branches([{ put: 'yes', value: '' }], [{ put: 'no', value: '' }], [check(String(etag))]));
    expect((await succeed(app, request)).json()).toMatchObject({
      succeeded,
      results: [{ key: succeeded ? 'yes' : 'no', etag: '"log.1"' }],
    });
  });

  it('runs then only if every condition holds', async () => {
    const { app } = open();
    const checks = [
      { key: 'a', etag: null },
      { key: 'b', etag: '*' },
    ];
    const answer = (await succeed(app, txn(branches([{ put: 'a', value: '' }], undefined, checks)))).json();
    expect(answer).toMatchObject({ succeeded: false, results: [] });
    expectProblem(await app.inject('/v1/kv/a'), 'not-found');
  });

  it('is run once under one idempotency key', async () => {
    const { app } = open();
    const headers = { 'idempotency-key': 'once' };
    const first = await succeed(app, txn(branches([{ put: 'a', value: '1' }]), headers));
    const retry = await succeed(app, txn(branches([{ put: 'a', value: '1' }]), headers));
    expect(retry.json()).toEqual(first.json());
    expect(retry.headers['idempotent-replayed']).toBe('true');
    expectProblem(await app.inject(txn(branches([{ put: 'a', value: '2' }]), headers)), 'idempotency-key-reused');
  });

  it('is fenced off like other writes', async () => {
    const { app } = open();
    const request = txn(branches([{ put: 'a', value: '' }]), { 'fencing-token': 'l=5' });
    expectProblem(await app.inject(request), 'fenced');
  });

  it('may have 128 operations in each branch, on the same keys', async () => {
    const { app } = open();
    const { results } = (await succeed(app, txn(branches(puts(128), puts(128))))).json();
    expect(results).toHaveLength(128);
  });

  it.each(['causal', 'eventual'])('is refused at %s', async (level) => {
    const { app, replica } = open();
    const request = txn(branches(puts(1)), { 'consistency-level': level });
    const refused = expectProblem(await app.inject(request), 'precondition-needs-linearizable');
    expect(refused).toMatchObject({ level, served: ['linearizable'] });
    expect(replica.calls).toBe(0);
  });
});

describe('a transaction is refused', () => {
  it.each([
    ['without operations', {}],
    ['of no operation', branches([], [])],
    ['of 129 operations', branches(puts(129))],
    ['of 129 operations that would not be run', branches(puts(1), puts(129))],
    ['of 129 conditions', branches(puts(1), undefined, Array(129).fill({ key: 'a', etag: null }))],
    ['that writes a key twice', branches([{ put: 'a', value: '' }, { delete: 'a' }])],
    ['that reads a key it writes', branches([{ get: 'a' }, { put: 'a', value: '' }])],
    ['that names a key twice in its other branch', branches(puts(1), [{ get: 'a' }, { get: 'a' }])],
    ['with an unknown member', { ...branches(puts(1)), otherwise: [] }],
    ['that is a list', [puts(1)]],
    ['whose operations are no list', branches({ put: 'a', value: '' })],
    ['with an operation that is none', branches(['get a'])],
    ['with an unknown operation', branches([{ cas: 'a' }])],
    ['with an operation that is two', branches([{ get: 'a', delete: 'a' }])],
    ['with a put without a value', branches([{ put: 'a' }])],
    ['with an empty key', branches([{ get: '' }])],
    ['with a key of 512 bytes', branches([{ delete: 'k'.repeat(512) }])],
    ['with half a character in a key', branches([{ get: '\ud800' }])],
    ['with a value that is not base64', branches([{ put: 'a', value: '!', encoding: 'base64' }])],
    ['with an unknown encoding', branches([{ put: 'a', value: '', encoding: 'hex' }])],
    ['with a condition on nothing', branches(puts(1), undefined, [{ key: 'a' }])],
    ['with a condition on no key', branches(puts(1), undefined, [{ etag: null }])],
    ['with a condition that is two', branches(puts(1), undefined, [{ key: 'a', etag: null, value: 'x' }])],
    ['with a condition on a weak tag', branches(puts(1), undefined, [{ key: 'a', etag: 'W/"log.1"' }])],
    ['with a condition on a tag without quotes', branches(puts(1), undefined, [{ key: 'a', etag: 'log.1' }])],
    ['with a condition on a number', branches(puts(1), undefined, [{ key: 'a', value: 7 }])],
    [
      'with a condition on a value that is not base64',
      branches(puts(1), undefined, [{ key: 'a', value: '!', encoding: 'base64' }]),
    ],
  ])('%s', async (_, payload) => {
    const { app, replica } = open();
    expectProblem(await app.inject(txn(payload)), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('without a body', async () => {
    const { app } = open();
    expectProblem(await app.inject({ method: 'POST', url: URL }), 'invalid-request');
    const headers = { 'content-type': 'text/plain' };
    expectProblem(await app.inject({ method: 'POST', url: URL, payload: '{}', headers }), 'unsupported-media-type');
  });

  it('with a condition in its headers', async () => {
    const { app } = open();
    expectProblem(await app.inject(txn(branches(puts(1)), { 'if-match': '*' })), 'invalid-request');
  });

  it('where its keys leave too little room for its values, counted as the log counts them', async () => {
    const { app } = open();
    const keys = Array.from({ length: 128 }, (_, i) => String(i).padEnd(LIMITS.keyMaxBytes, 'k'));
    const valueFor = (bytesPerUnit: number) => {
      const room = LIMITS.groupMaxBytes - 8192;
      return 'x'.repeat(Math.floor(room / keys.length) - 128 - bytesPerUnit * LIMITS.keyMaxBytes);
    };
    const all = (value: string) => txn(branches(keys.map((put) => ({ put, value }))));
    await succeed(app, all(valueFor(3)));
    expectProblem(await app.inject(all(valueFor(2))), 'value-too-large');
  });

  it('where all of it is more than one entry of the log may hold', async () => {
    const { app, replica } = open();
    const value = 'x'.repeat(LIMITS.groupMaxBytes / 3);
    const all = branches([{ put: 'a', value }], [{ put: 'b', value }], [{ key: 'c', value }]);
    expectProblem(await app.inject(txn(all)), 'value-too-large');
    const one = 'x'.repeat(LIMITS.valueMaxBytes + 1);
    expectProblem(await app.inject(txn(branches([{ put: 'a', value: one }]))), 'value-too-large');
    expectProblem(await app.inject(txn(branches(puts(1), undefined, [{ key: 'a', value: one }]))), 'value-too-large');
    expect(replica.calls).toBe(0);
  });
});
