/** Bearer tokens: who may do what, and a token file in which no mistake goes unnoticed. */
import { describe, expect, it } from 'vitest';
import { parseAuthTokens } from '../../../src/api/auth.js';
import { CausewayError } from '../../../src/base/errors.js';
import { expectProblem, openApp, succeed } from './harness.js';

const FILE = JSON.stringify({
  tokens: [
    { token: 'reader-1', role: 'read' },
    { token: 'writer.2~x+/==', role: 'write' },
    { token: 'boss', role: 'admin' },
  ],
});
const BEARER = { read: 'Bearer reader-1', write: 'bearer writer.2~x+/==', admin: 'Bearer  boss ' } as const;
const ROLES = ['read', 'write', 'admin'] as const;
const secured = () => openApp({ authTokens: parseAuthTokens(FILE, 'tokens.json') });

const OPERATIONS = [
  ['GET', '/v1/kv/k', 'read', undefined],
  ['HEAD', '/v1/kv/k', 'read', undefined],
  ['GET', '/v1/kv?prefix=', 'read', undefined],
  ['GET', '/v1/kv?key=k', 'read', undefined],
  ['GET', '/v1/replica', 'read', undefined],
  ['GET', '/v1/cluster', 'read', undefined],
  ['PUT', '/v1/kv/k', 'write', undefined],
  ['DELETE', '/v1/kv/k', 'write', undefined],
  ['PUT', '/v1/kv?key=k', 'write', undefined],
  ['DELETE', '/v1/kv?key=k', 'write', undefined],
  ['POST', '/v1/batch', 'write', { ops: [{ delete: 'k' }] }],
  ['GET', '/v1/faults', 'admin', undefined],
  ['DELETE', '/v1/faults', 'admin', undefined],
  ['PUT', '/v1/faults/clock', 'admin', { skewMs: 1 }],
  ['DELETE', '/v1/faults/clock', 'admin', undefined],
  ['PUT', '/v1/faults/partitions/p', 'admin', { groups: [['r1']] }],
  ['DELETE', '/v1/faults/partitions/p', 'admin', undefined],
  ['PUT', '/v1/faults/links/r1/r2', 'admin', {}],
  ['DELETE', '/v1/faults/links/r1/r2', 'admin', undefined],
  ['GET', '/v1/f%61ults', 'admin', undefined],
] as const;

describe('with a token file', () => {
  it.each(OPERATIONS)('%s %s needs the role %s or one above', async (method, url, needed, payload) => {
    const { app, replica } = secured();
    const request = { method, url, ...(payload === undefined ? {} : { payload }) };
    for (const role of ROLES) {
      const callsBefore = replica.calls;
      const response = await app.inject({ ...request, headers: { authorization: BEARER[role] } });
      if (ROLES.indexOf(role) < ROLES.indexOf(needed)) {
        expectProblem(response, 'forbidden');
        expect(replica.calls).toBe(callsBefore);
      } else {
        expect([200, 404]).toContain(response.statusCode);
      }
    }
    const response = await app.inject(request);
    if (method === 'HEAD') expect(response.statusCode).toBe(401);
    else expectProblem(response, 'unauthorized');
  });

  it.each([
    ['a token that is not known', 'Bearer stranger'],
    ['a token that only begins like one', 'Bearer reader-12'],
    ['another scheme', 'Basic cmVhZGVyLTE='],
    ['no scheme', 'reader-1'],
    ['no token', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['two tokens', 'Bearer reader-1 boss'],
    ['nothing', ''],
  ])('%s opens nothing', async (_, authorization) => {
    const { app, replica } = secured();
    expectProblem(await app.inject({ url: '/v1/kv/k', headers: { authorization } }), 'unauthorized');
    expect(replica.calls).toBe(0);
  });

  it.each(['/v1/none', '/v1/watch', '/v1/txn', '/v1/kv/%zz'])(
    '%s is not even looked at without a token',
    async (url) => {
      const { app } = secured();
      expectProblem(await app.inject(url), 'unauthorized');
    },
  );

  it('another method is not even looked at without a token', async () => {
    const { app } = secured();
    expectProblem(await app.inject({ method: 'PATCH', url: '/v1/kv/k' }), 'unauthorized');
  });

  it.each(['/livez', '/readyz', '/metrics', '/openapi.json', '/docs/'])('%s needs none', async (url) => {
    const { app } = secured();
    await succeed(app, { url });
  });

  it('a refused body is not read into memory first', async () => {
    const { app } = secured();
    const payload = Buffer.alloc(10 * 1024 * 1024);
    expectProblem(await app.inject({ method: 'PUT', url: '/v1/kv/k', payload }), 'unauthorized');
  });
});

describe('a token file is refused', () => {
  it.each([
    ['that is empty', ''],
    ['that is no JSON', '{tokens:[]}'],
    ['that is a list', '[]'],
    ['without tokens', '{}'],
    ['of no tokens', '{"tokens":[]}'],
    ['with an unknown member', '{"tokens":[{"token":"a","role":"read"}],"version":1}'],
    ['with an unknown role', '{"tokens":[{"token":"a","role":"root"}]}'],
    ['with a role missing', '{"tokens":[{"token":"a"}]}'],
    ['with a token missing', '{"tokens":[{"role":"read"}]}'],
    ['with an empty token', '{"tokens":[{"token":"","role":"read"}]}'],
    ['with a token that is a number', '{"tokens":[{"token":1,"role":"read"}]}'],
    ['with a token that no header can carry', '{"tokens":[{"token":"a b","role":"read"}]}'],
    ['with a note beside a token', '{"tokens":[{"token":"a","role":"read","of":"me"}]}'],
    ['with a token twice', '{"tokens":[{"token":"a","role":"read"},{"token":"a","role":"admin"}]}'],
  ])('%s, and no token of it is told', (_, text) => {
    let error: unknown;
    try {
      parseAuthTokens(text, '/etc/causeway/tokens.json');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CausewayError);
    expect(error).toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('/etc/causeway/tokens.json'),
    });
  });
});
