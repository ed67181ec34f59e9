/** Causal tokens: a bad one is refused at once, at every level, and every answer carries a good one. */
import { describe, expect, it } from 'vitest';
import { makeOrigin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { encodeToken } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { CLUSTER, EMPTY_TOKEN, expectProblem, openApp, succeed, tokenNaming } from './harness.js';

const URL = '/v1/kv/k';
const GOOD = tokenNaming(1);
const FOREIGN = encodeToken(parseClusterId('another'), VersionVector.EMPTY);

/** A token of this cluster's form that names more origins than any cluster has. */
function crowdedToken(origins: number): string {
  const named = Array.from({ length: origins }, (_, i) => [makeOrigin(parseReplicaId(`x${i}`), i), 1] as const);
  return encodeToken(CLUSTER, VersionVector.of(named));
}

const BAD: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['no token', 'hello'],
  ['of another version', `c2.${GOOD.slice(3)}`],
  ['truncated', GOOD.slice(0, -3)],
  ['cut to its prefix', 'c1.'],
  ['with a character changed', `${GOOD.slice(0, 6)}${GOOD[6] === 'A' ? 'B' : 'A'}${GOOD.slice(7)}`],
  ['with a character too many', `${GOOD}A`],
  ['padded', `${GOOD}==`],
  ['of another cluster', FOREIGN],
  ['of a cluster that is larger than any', crowdedToken(64)],
  ['giant', `c1.${'A'.repeat(4000)}`],
  ['sent twice', `${GOOD}, ${GOOD}`],
];

describe('a token is refused', () => {
  it.each(BAD)('that is %s', async (_, token) => {
    const { app, replica } = openApp();
    for (const level of ['causal', 'eventual']) {
      for (const method of ['PUT', 'GET', 'DELETE'] as const) {
        const headers = { 'causal-token': token, 'consistency-level': level };
        const response = await app.inject({ method, url: URL, headers });
        expect(expectProblem(response, 'invalid-causal-token')).toMatchObject({ level });
        expect(response.headers['causal-token']).toBe(EMPTY_TOKEN);
      }
    }
    const lists = ['/v1/kv?prefix=a', '/v1/kv?keys=a,b'].map((url) =>
      app.inject({ url, headers: { 'causal-token': token } }),
    );
    for (const response of await Promise.all(lists)) expectProblem(response, 'invalid-causal-token');
    const batch = { method: 'POST' as const, url: '/v1/batch', payload: { ops: [{ delete: 'a' }] } };
    expectProblem(await app.inject({ ...batch, headers: { 'causal-token': token } }), 'invalid-causal-token');
    expect(replica.calls).toBe(0);
  });
});

describe('a token is taken', () => {
  it('that names as many origins as there may be, if the replica is among them', async () => {
    const { app, replica } = openApp();
    const named = Array.from({ length: 63 }, (_, i) => [makeOrigin(parseReplicaId('r2'), i), 1] as const);
    const token = encodeToken(CLUSTER, VersionVector.of([...named, [replica.origin, 1]]));
    const headers = { 'causal-token': token, 'consistency-level': 'eventual' };
    const written = await succeed(app, { method: 'PUT', url: URL, headers });
    expect(written.headers['causal-token']).toBe(token);
  });
});

describe('every answer carries a token', () => {
  it.each([
    ['GET', URL],
    ['GET', '/v1/kv/%zz'],
    ['GET', '/v1/kv?limit=0'],
    ['GET', '/v1/replica'],
    ['GET', '/v1/cluster'],
    ['GET', '/v1/faults'],
    ['GET', '/v1/none'],
    ['PATCH', URL],
    ['POST', '/v1/txn'],
    ['GET', '/v1/bad%'],
    ['GET', `${URL}?consistency=linearizable`],
    ['PUT', `${URL}?consistency=wrong`],
  ] as const)('to %s %s: the one that was sent, or that of who has seen nothing', async (method, url) => {
    const { app } = openApp();
    expect((await app.inject({ method, url })).headers['causal-token']).toBe(EMPTY_TOKEN);
    const headers = { 'causal-token': GOOD, 'consistency-level': 'eventual' };
    expect((await app.inject({ method, url, headers })).headers['causal-token']).toBe(GOOD);
    const bad = await app.inject({
      method,
      url,
      headers: { 'causal-token': FOREIGN, 'consistency-level': 'eventual' },
    });
    expect(bad.headers['causal-token']).toBe(EMPTY_TOKEN);
  });

  it('that includes what the answer depends on', async () => {
    const { app, replica } = openApp();
    const headers = { 'causal-token': GOOD, 'consistency-level': 'eventual' };
    const written = await succeed(app, { method: 'PUT', url: URL, headers });
    const both = VersionVector.of([[replica.origin, 1]]).join(
      VersionVector.of([[makeOrigin(parseReplicaId('r2'), 0xbeef), 1]]),
    );
    expect(written.headers['causal-token']).toBe(encodeToken(CLUSTER, both));
    const read = await succeed(app, { url: URL, headers: { 'consistency-level': 'eventual' } });
    expect(read.headers['causal-token']).toBe(encodeToken(CLUSTER, VersionVector.of([[replica.origin, 1]])));
  });
});
