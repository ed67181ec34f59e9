/** Membership over HTTP: who takes part, and how an admin changes that. */
import { describe, expect, it } from 'vitest';
import { parseAuthTokens } from '../../../src/api/auth.js';
import { expectProblem, openApp, succeed } from './harness.js';

const open = () => openApp({}, { ordered: true });
const add = (id: unknown) => ({ method: 'POST' as const, url: '/v1/members', payload: { id } });
const roles = (view: { readonly members: readonly { readonly id: string; readonly role: string }[] }) =>
  Object.fromEntries(view.members.map(({ id, role }) => [id, role]));

describe('the members', () => {
  it('are listed with their incarnations and roles', async () => {
    const { app } = open();
    expect((await succeed(app, { url: '/v1/members' })).json()).toEqual({
      leader: 'r1',
      term: 1,
      members: ['r1', 'r2', 'r3'].map((id) => ({
        id,
        incarnation: `${id}~00000001`,
        role: id === 'r1' ? 'leader' : 'voter',
      })),
      changing: false,
    });
    expectProblem(await app.inject('/v1/members?level=causal'), 'invalid-request');
  });

  it('take in a replica as an observer, make it a voter, let it lead, and remove another', async () => {
    const { app } = open();
    const voters = { r1: 'leader', r2: 'voter', r3: 'voter' };
    expect(roles((await succeed(app, add('r4'))).json())).toEqual({ ...voters, r4: 'observer' });
    const promoted = await succeed(app, { method: 'POST', url: '/v1/members/r4/promote' });
    expect(roles(promoted.json())).toEqual({ ...voters, r4: 'voter' });
    const led = await succeed(app, { method: 'POST', url: '/v1/members/r4/lead', payload: {} });
    expect(led.json()).toMatchObject({ leader: 'r4' });
    const removed = await succeed(app, { method: 'DELETE', url: '/v1/members/r1' });
    expect(roles(removed.json())).toEqual({ r2: 'voter', r3: 'voter', r4: 'leader' });
    expect(removed.headers['consistency-level']).toBe('linearizable');
  });

  it.each([
    ['POST', '/v1/members', { id: 'r9' }],
    ['POST', '/v1/members/r9/promote', undefined],
    ['POST', '/v1/members/r4/lead', undefined],
    ['DELETE', '/v1/members/r9', undefined],
    ['DELETE', '/v1/members/R1', undefined],
    ['DELETE', '/v1/members/log', undefined],
    ['POST', '/v1/members/r%2F2/promote', undefined],
    ['POST', '/v1/members', { id: '' }],
    ['POST', '/v1/members', { id: 'a b' }],
    ['POST', '/v1/members', { id: 2 }],
    ['POST', '/v1/members', {}],
    ['POST', '/v1/members', { id: 'r4', role: 'voter' }],
    ['POST', '/v1/members/r2/promote', { id: 'r3' }],
  ] as const)('%s %s with %j is no change of any', async (method, url, payload) => {
    const { app } = open();
    const before = (await succeed(app, { url: '/v1/members' })).json();
    expectProblem(await app.inject({ method, url, ...(payload && { payload }) }), 'invalid-request');
    expect((await succeed(app, { url: '/v1/members' })).json()).toEqual(before);
  });

  it('change one at a time', async () => {
    const { app, replica } = open();
    if (replica.ordered !== undefined) replica.ordered.members.changing = true;
    expect((await succeed(app, { url: '/v1/members' })).json()).toMatchObject({ changing: true });
    const refused = await app.inject(add('r4'));
    expectProblem(refused, 'membership-conflict');
    expect(refused.headers['retry-after']).toBe('1');
  });

  it('are not changed without a quorum, nor at weaker levels', async () => {
    const { app, replica } = open();
    const weak = { ...add('r4'), headers: { 'consistency-level': 'causal' } };
    expectProblem(await app.inject(weak), 'level-too-weak');
    if (replica.ordered !== undefined) replica.ordered.hasQuorum = false;
    expect(expectProblem(await app.inject(add('r4')), 'no-quorum')).toMatchObject({ served: [] });
    await succeed(app, { url: '/v1/members' });
  });

  it('are for everybody to see, and for admins to change', async () => {
    const text = JSON.stringify({ tokens: ['read', 'write', 'admin'].map((role) => ({ token: role, role })) });
    const { app } = openApp({ authTokens: parseAuthTokens(text, 'tokens.json') }, { ordered: true });
    const as = (role: string) => ({ authorization: `Bearer ${role}` });
    await succeed(app, { url: '/v1/members', headers: as('read') });
    for (const request of [
      add('r4'),
      { method: 'POST', url: '/v1/members/r4/promote' },
      { method: 'POST', url: '/v1/members/r2/lead' },
      { method: 'DELETE', url: '/v1/members/r3' },
    ] as const) {
      expectProblem(await app.inject({ ...request, headers: as('write') }), 'forbidden');
      await succeed(app, { ...request, headers: as('admin') });
    }
    const lock = { method: 'POST', url: '/v1/locks/l/acquire', payload: { owner: 'a', ttlMs: 1 } } as const;
    expectProblem(await app.inject({ ...lock, headers: as('read') }), 'forbidden');
    await succeed(app, { ...lock, headers: as('write') });
    await succeed(app, { url: '/v1/locks/l', headers: as('read') });
  });
});
