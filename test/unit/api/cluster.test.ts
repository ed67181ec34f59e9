/** What a replica tells of itself and of its cluster. */
import { describe, expect, it } from 'vitest';
import { openApp, succeed } from './harness.js';

describe('/v1/replica', () => {
  it('has the members of the contract', async () => {
    const { app, replica } = openApp();
    await succeed(app, { method: 'PUT', url: '/v1/kv/a', payload: 'x' });
    const response = await succeed(app, { url: '/v1/replica' });
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toMatchObject({
      id: 'r1',
      incarnation: replica.origin,
      clusterId: 'test',
      role: 'observer',
      term: 0,
      leader: null,
      logIndex: 0,
      commitIndex: 0,
      appliedIndex: 0,
      vector: { [replica.origin]: 1 },
      stable: {},
      buffered: 0,
      hlc: expect.stringMatching(/^\d+\.\d+$/),
      keys: 1,
      peers: [
        { id: 'r2', reachable: false, lagOps: 0, lagMs: 0, lastContactMs: null },
        { id: 'r3', reachable: false, lagOps: 0, lagMs: 0, lastContactMs: null },
      ],
      transport: 'memory',
      faultsEnabled: true,
    });
  });

  it('says when faults are not enabled', async () => {
    const { app } = openApp({}, { faults: false });
    expect((await succeed(app, { url: '/v1/replica' })).json()).toMatchObject({ faultsEnabled: false });
  });
});

describe('with a total order', () => {
  it('a replica tells its role, its term and how far its log is', async () => {
    const { app } = openApp({}, { ordered: true });
    await succeed(app, { method: 'POST', url: '/v1/sequences/s/next' });
    expect((await succeed(app, { url: '/v1/replica' })).json()).toMatchObject({
      role: 'leader',
      term: 1,
      leader: 'r1',
      logIndex: 1,
      commitIndex: 1,
      appliedIndex: 1,
    });
  });

  it('the cluster has a leader and roles, for those that are members', async () => {
    const { app } = openApp({}, { ordered: true });
    await succeed(app, { method: 'DELETE', url: '/v1/members/r3' });
    await succeed(app, { method: 'POST', url: '/v1/sequences/s/next' });
    const { leader, term, members } = (await succeed(app, { url: '/v1/cluster' })).json();
    expect({ leader, term }).toEqual({ leader: 'r1', term: 1 });
    expect(members.map(({ id, role }: { id: string; role?: string }) => [id, role])).toEqual([
      ['r1', 'leader'],
      ['r2', 'follower'],
      ['r3', undefined],
    ]);
    expect(members[0]).toMatchObject({ logIndex: 1, commitIndex: 1, appliedIndex: 1 });
  });
});

describe('/v1/cluster', () => {
  it('has the same for every member, as far as it was heard', async () => {
    const { app, replica } = openApp();
    expect((await succeed(app, { url: '/v1/cluster' })).json()).toEqual({
      clusterId: 'test',
      replica: 'r1',
      members: [
        {
          id: 'r1',
          url: 'http://127.0.0.1:7101',
          reachable: true,
          incarnation: replica.origin,
          vector: {},
          buffered: 0,
          keys: 0,
          hlc: '0.0',
          startedMs: 0,
        },
        { id: 'r2', url: null, reachable: false },
        { id: 'r3', url: null, reachable: false },
      ],
    });
  });
});
