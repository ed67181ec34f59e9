/** Sequences, claims, constraints and members: what is asked, what the answers mean, and what may be asked twice. */
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../../src/client/api-error.js';
import { CUT, json, MEMBERS_VIEW, problem, tokenOf } from './answers-of-replicas.js';
import { rejection, replica, testClient } from './test-client.js';

const token = { 'Causal-Token': tokenOf({ log: 4 }), 'Consistency-Level': 'linearizable' };

describe('a sequence', () => {
  test('gives its next number, linearizable whatever the level of the client', async () => {
    const r1 = await replica(json({ value: 7 }, token));
    const { client } = testClient([r1.url], { level: 'eventual' });
    expect(await client.sequences.next('orders/eu')).toMatchObject({ value: 7, level: 'linearizable' });
    expect(r1.requests[0]).toMatchObject({ method: 'POST', path: '/v1/sequences/orders%2Feu/next', body: '' });
    expect(r1.requests[0]?.headers).toMatchObject({
      'consistency-level': 'linearizable;timeout=4500',
      'idempotency-key': 'key-1',
    });
  });

  test('is asked again under the same key after a lost answer, at another replica', async () => {
    const r1 = await replica(CUT);
    const r2 = await replica(json({ value: 7 }, token));
    const { client } = testClient([r1.url, r2.url]);
    expect(await client.sequences.next('orders')).toMatchObject({ value: 7 });
    expect(r2.requests[0]?.headers['idempotency-key']).toBe(r1.requests[0]?.headers['idempotency-key']);
  });

  test.each([
    ['a lost connection', CUT],
    ['504', problem('outcome-unknown')],
  ])('is not asked again after %s without a key: that would skip a number', async (_, step) => {
    const r1 = await replica(step, json({ value: 8 }, token));
    const { client } = testClient([r1.url], { idempotency: 'off' });
    expect(await rejection(client.sequences.next('orders'))).toMatchObject({ outcome: 'unknown' });
    expect(r1.requests).toHaveLength(1);
  });

  test('is asked again without a key where it certainly was not served', async () => {
    const r1 = await replica(problem('no-quorum'));
    const r2 = await replica(json({ value: 8 }, token));
    const { client } = testClient([r1.url, r2.url], { idempotency: 'off' });
    expect(await client.sequences.next('orders')).toMatchObject({ value: 8 });
  });

  test('is read at linearizable unless a weaker level is named', async () => {
    const r1 = await replica(json({ value: 0 }));
    const { client } = testClient([r1.url]);
    await client.sequences.get('orders', { level: undefined });
    expect(await client.sequences.get('orders', { level: 'eventual' })).toMatchObject({ value: 0 });
    const levels = r1.requests.map(({ headers }) => headers['consistency-level']);
    expect(levels).toEqual(['linearizable;timeout=4500', 'eventual;timeout=4500']);
  });

  test('whose answer has no number is refused', async () => {
    const r1 = await replica(json({ value: '7' }, token));
    const error = await rejection(testClient([r1.url]).client.sequences.next('orders'));
    expect(error).toMatchObject({ code: 'protocol-violation', outcome: 'unknown' });
  });

  test('in a session carries its token and adds to it', async () => {
    const r1 = await replica(json({ value: 1 }, token));
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 3 }));
    await session.sequences.next('orders');
    expect(r1.requests[0]?.headers['causal-token']).toBe(tokenOf({ r1: 3 }));
    expect(session.token).toBe(tokenOf({ r1: 3, log: 4 }));
  });
});

describe('a claim', () => {
  test.each([
    [201, true],
    [200, false],
  ])('answered with %i was created: %s', async (status, created) => {
    const r1 = await replica({ ...json({ owner: 'u1' }, token), status });
    const { client } = testClient([r1.url]);
    expect(await client.claims.claim('names', 'ann/b', 'u1')).toMatchObject({ owner: 'u1', created });
    expect(r1.requests[0]).toMatchObject({ method: 'PUT', path: '/v1/claims/names/ann%2Fb', body: '{"owner":"u1"}' });
    expect(r1.requests[0]?.headers['idempotency-key']).toBe('key-1');
  });

  test('of another owner is an error that names him', async () => {
    const r1 = await replica(problem('already-claimed', { owner: 'u2' }));
    const error = await rejection(testClient([r1.url]).client.claims.claim('names', 'ann', 'u1'));
    expect(isRefusal(error, 'lock-held')).toBe(false);
    expect(isRefusal(error, 'lock-held', 'already-claimed') && error.owner).toBe('u2');
  });

  test('is given back by its owner', async () => {
    const r1 = await replica(json({}, token));
    await testClient([r1.url]).client.claims.release('names', 'ann', 'u1');
    expect(r1.requests[0]).toMatchObject({ method: 'DELETE', path: '/v1/claims/names/ann', body: '{"owner":"u1"}' });
  });

  test('is somebody’s or nobody’s', async () => {
    const r1 = await replica(json({ owner: 'u1' }, token), problem('not-found', {}, token));
    const { client } = testClient([r1.url]);
    expect(await client.claims.get('names', 'ann')).toMatchObject({ found: true, owner: 'u1' });
    expect(await client.claims.get('names', 'ann')).toMatchObject({ found: false, level: 'linearizable' });
  });
});

describe('a constraint', () => {
  test('is declared, read and dropped', async () => {
    const terms = { prefix: 'users/', field: '/email' };
    const r1 = await replica(json(terms, token), json({ name: 'mail', ...terms }, token), json({}, token));
    const { client } = testClient([r1.url]);
    await client.constraints.declare('mail', terms);
    expect(await client.constraints.get('mail')).toMatchObject({ found: true, ...terms });
    await client.constraints.drop('mail');
    expect(r1.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['PUT', '/v1/constraints/mail', JSON.stringify(terms)],
      ['GET', '/v1/constraints/mail', ''],
      ['DELETE', '/v1/constraints/mail', ''],
    ]);
  });

  test('that the data breaks is refused with the keys in the way', async () => {
    const r1 = await replica(problem('unique-violation', { keys: ['users/1', 'users/2', 3] }));
    const declared = testClient([r1.url]).client.constraints.declare('mail', { prefix: '', field: '' });
    expect(await rejection(declared)).toMatchObject({ code: 'unique-violation', keys: ['users/1', 'users/2'] });
  });

  test('that does not exist is not found', async () => {
    const r1 = await replica(problem('not-found'));
    expect(await testClient([r1.url]).client.constraints.get('mail')).toMatchObject({ found: false });
  });
});

describe('members', () => {
  test('are listed and changed', async () => {
    const r1 = await replica(json(MEMBERS_VIEW));
    const { members } = testClient([r1.url]).client;
    expect(await members.list()).toEqual(MEMBERS_VIEW);
    await members.add('r4');
    await members.promote('r4');
    await members.transfer('r4');
    expect(await members.remove('r1')).toEqual(MEMBERS_VIEW);
    expect(r1.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/members', ''],
      ['POST', '/v1/members', '{"id":"r4"}'],
      ['POST', '/v1/members/r4/promote', ''],
      ['POST', '/v1/members/r4/lead', ''],
      ['DELETE', '/v1/members/r1', ''],
    ]);
  });

  test('are not changed twice where the first attempt may have done it', async () => {
    const r1 = await replica(CUT, json(MEMBERS_VIEW));
    expect(await rejection(testClient([r1.url]).client.members.remove('r1'))).toMatchObject({ outcome: 'unknown' });
    expect(r1.requests).toHaveLength(1);
  });

  test('of a leaderless cluster have no leader', async () => {
    const r1 = await replica(json({ ...MEMBERS_VIEW, leader: null, changing: true }));
    expect(await testClient([r1.url]).client.members.list()).toMatchObject({ leader: null, changing: true });
  });

  test('of an unknown role are refused', async () => {
    const r1 = await replica(json({ ...MEMBERS_VIEW, members: [{ id: 'r1', incarnation: 'x', role: 'king' }] }));
    expect(await rejection(testClient([r1.url]).client.members.list())).toMatchObject({ code: 'protocol-violation' });
  });
});
