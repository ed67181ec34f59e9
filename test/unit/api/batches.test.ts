/** Batches: several writes as one, or none of them. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, openApp, succeed } from './harness.js';

const URL = '/v1/batch';
const ops = (count: number) => Array.from({ length: count }, (_, i) => ({ put: `k${i}`, value: '' }));

describe('a batch', () => {
  it('is one write, with a receipt of exactly six members', async () => {
    const { app, replica } = openApp();
    const payload = { ops: [{ put: 'a', value: '1' }, { delete: 'b' }] };
    const response = await succeed(app, { method: 'POST', url: URL, payload });
    expect(response.statusCode).toBe(200);
    const etag = `"${replica.origin}.1"`;
    expect(response.json()).toEqual({
      level: 'causal',
      durability: 'local',
      token: response.headers['causal-token'],
      replica: 'r1',
      timestamp: expect.stringMatching(/^\d+\.\d+$/),
      results: [
        { key: 'a', etag },
        { key: 'b', etag },
      ],
    });
    expect(response.headers).toMatchObject({ 'consistency-level': 'causal', durability: 'local', 'served-by': 'r1' });
    expect((await succeed(app, { url: '/v1/kv/a' })).headers['etag']).toBe(etag);
  });

  it('stores values as text or bytes with the types they are given', async () => {
    const { app } = openApp();
    const payload = {
      ops: [
        { put: 'text', value: 'zwölf\u0000' },
        { put: 'said', value: 'x', encoding: 'utf8', contentType: 'text/markdown' },
        { put: 'bytes', value: '/wA=', encoding: 'base64' },
        { put: 'none', value: '', encoding: 'base64', contentType: 'image/png' },
      ],
    };
    await succeed(app, { method: 'POST', url: URL, payload });
    const { items } = (await succeed(app, { url: '/v1/kv?keys=text,said,bytes,none' })).json();
    expect(items).toMatchObject([
      { value: 'zwölf\u0000', encoding: 'utf8', contentType: 'text/plain' },
      { value: 'x', contentType: 'text/markdown' },
      { value: '/wA=', encoding: 'base64', contentType: 'application/octet-stream' },
      { value: '', contentType: 'image/png' },
    ]);
  });

  it('obeys the headers that other writes obey', async () => {
    const { app } = openApp();
    const headers = { durability: 'all', 'consistency-level': 'eventual', prefer: 'return=minimal' };
    const response = await succeed(app, { method: 'POST', url: URL, payload: { ops: ops(1) }, headers });
    expect(response.statusCode).toBe(204);
    expect(response.headers).toMatchObject({ durability: 'all', 'consistency-level': 'eventual' });
    const conditional = { method: 'POST' as const, url: URL, payload: { ops: ops(1) }, headers: { 'if-match': '"x"' } };
    expectProblem(await app.inject(conditional), 'precondition-needs-linearizable');
  });

  it('may be named JSON with parameters', async () => {
    const { app } = openApp();
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    await succeed(app, { method: 'POST', url: URL, payload: JSON.stringify({ ops: ops(1) }), headers });
  });

  it(`has up to ${LIMITS.batchMaxOps} ops`, async () => {
    const { app } = openApp();
    await succeed(app, { method: 'POST', url: URL, payload: { ops: ops(LIMITS.batchMaxOps) } });
    const tooMany = await app.inject({ method: 'POST', url: URL, payload: { ops: ops(LIMITS.batchMaxOps + 1) } });
    expectProblem(tooMany, 'invalid-request');
  });
});

describe('a batch is refused', () => {
  it.each([
    ['without ops', {}, 'ops'],
    ['with no op', { ops: [] }, 'ops'],
    ['with ops that are none', { ops: 'a' }, 'ops'],
    ['that is a list', [{ put: 'a', value: '' }], 'object'],
    ['that is null', null, 'object'],
    ['with an unknown member', { ops: ops(1), if: [] }, 'if'],
    ['with an op that is a text', { ops: ['a'] }, 'ops.0'],
    ['with an op that is neither', { ops: [{ get: 'a' }] }, 'ops[0]'],
    ['with an op that is empty', { ops: [{}] }, 'ops[0]'],
    ['with an op that is both', { ops: [{ put: 'a', value: '', delete: 'a' }] }, 'delete'],
    ['with a delete that has a value', { ops: [{ delete: 'a', value: '' }] }, 'value'],
    ['with a put without value', { ops: [{ put: 'a' }] }, 'value'],
    ['with a value that is a number', { ops: [{ put: 'a', value: 1 }] }, 'value'],
    ['with a value that is null', { ops: [{ put: 'a', value: null }] }, 'value'],
    ['with a key that is a number', { ops: [{ delete: 1 }] }, 'delete'],
    ['with an empty key', { ops: [...ops(1), { put: '', value: '' }] }, 'ops[1]'],
    ['with a key that is too long', { ops: [{ delete: 'k'.repeat(512) }] }, '512'],
    ['with half a character in a key', { ops: [{ put: '\ud800', value: '' }] }, 'surrogate'],
    ['with half a character in a value', { ops: [{ put: 'a', value: 'x\udc00' }] }, 'surrogate'],
    ['with a key twice', { ops: [{ put: 'a', value: '' }, { delete: 'a' }] }, 'again'],
    ['with an unknown encoding', { ops: [{ put: 'a', value: '', encoding: 'hex' }] }, 'encoding'],
    ['with base64 of another alphabet', { ops: [{ put: 'a', value: '_-8=', encoding: 'base64' }] }, 'base64'],
    ['with base64 without padding', { ops: [{ put: 'a', value: '/w', encoding: 'base64' }] }, 'base64'],
    ['with base64 with stray bits', { ops: [{ put: 'a', value: '/x==', encoding: 'base64' }] }, 'base64'],
    ['with base64 and a line break', { ops: [{ put: 'a', value: '/w==\n', encoding: 'base64' }] }, 'base64'],
    ['with a type that is none', { ops: [{ put: 'a', value: '', contentType: 'text' }] }, 'media type'],
    [
      'with a type that would be a header',
      { ops: [{ put: 'a', value: '', contentType: 'a/b\r\nx: y' }] },
      'media type',
    ],
    ['with a type that is too long', { ops: [{ put: 'a', value: '', contentType: `a/${'b'.repeat(254)}` }] }, '255'],
  ])('%s, and told why', async (_, payload, reason) => {
    const { app, replica } = openApp();
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: URL, payload: JSON.stringify(payload), headers });
    expect(expectProblem(response, 'invalid-request')['detail']).toContain(reason);
    expect(replica.calls).toBe(0);
  });

  it.each([
    ['is empty', Buffer.from('')],
    ['is cut', Buffer.from('{"ops":[')],
    ['has a loose comma', Buffer.from('{"ops":[],}')],
    ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['is in UTF-16', Buffer.from('{"ops":[]}', 'utf16le')],
  ])('where the body %s', async (_, payload) => {
    const { app } = openApp();
    const headers = { 'content-type': 'application/json' };
    expectProblem(await app.inject({ method: 'POST', url: URL, payload, headers }), 'invalid-request');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'garbage', undefined])(
    'where the body is said to be %s',
    async (type) => {
      const { app } = openApp();
      const headers = type === undefined ? {} : { 'content-type': type };
      const payload = Buffer.from(JSON.stringify({ ops: ops(1) }));
      expectProblem(await app.inject({ method: 'POST', url: URL, payload, headers }), 'unsupported-media-type');
    },
  );

  it('where one value is over 512 KiB', async () => {
    const { app } = openApp();
    const value = 'x'.repeat(LIMITS.valueMaxBytes + 1);
    const response = await app.inject({ method: 'POST', url: URL, payload: { ops: [{ put: 'a', value }] } });
    expectProblem(response, 'value-too-large');
  });

  it('where all values together are over what one write may be', async () => {
    const { app } = openApp();
    const value = 'x'.repeat(LIMITS.groupMaxBytes / 2);
    const two = (bytes: string) => ({ ops: ['a', 'b'].map((put) => ({ put, value: bytes })) });
    const response = await app.inject({ method: 'POST', url: URL, payload: two(value) });
    expectProblem(response, 'value-too-large');
    await succeed(app, { method: 'POST', url: URL, payload: two(value.slice(4096)) });
  });

  it('where the body is longer than any batch', async () => {
    const { app } = openApp();
    const payload = Buffer.alloc(7 * LIMITS.groupMaxBytes, 0x20);
    const headers = { 'content-type': 'application/json' };
    expectProblem(await app.inject({ method: 'POST', url: URL, payload, headers }), 'value-too-large');
  });

  it('with an unknown parameter', async () => {
    const { app } = openApp();
    const response = await app.inject({ method: 'POST', url: `${URL}?atomic=1`, payload: { ops: ops(1) } });
    expectProblem(response, 'invalid-request');
  });
});
