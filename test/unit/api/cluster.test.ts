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
