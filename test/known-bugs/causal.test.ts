/** Bugs other systems had with causes, counters and deletions, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/limits.js';
import { compareHlc } from '../../src/clocks/hybrid-logical-clock.js';
import { PlaneCluster } from '../support/plane-cluster.js';
import type { PlaneReplica } from '../support/plane-replica.js';
import { Client } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, partition } from '../support/weather.js';

const SEED = 7;

function cluster(size: number): { cluster: PlaneCluster; replicas: PlaneReplica[] } {
  const built = new PlaneCluster(size, SEED);
  built.run(100);
  return { cluster: built, replicas: [...built.replicas] };
}

function put(value: string): { key: string; value: string }[] {
  return [{ key: 'x', value }];
}

/** r1 wrote a cause and r2 its effect, while r3 was cut off. */
function causeAndEffect() {
  const { cluster: running, replicas } = cluster(3);
  const [r1, r2, r3] = replicas as [PlaneReplica, PlaneReplica, PlaneReplica];
  running.partition((replica) => Number(replica === r3));
  running.write(r1, put('cause'));
  running.run(100);
  running.write(r2, [{ key: 'y', value: 'effect' }], r2.plane.applied);
  running.run(100);
  const effects = [...r2.disk.operations.values()].filter(({ dot }) => dot.origin === r2.origin);
  return { running, r1, r2, r3, effects };
}

describe('known bug 30: a counter is used twice', () => {
  it('counters are not used twice after a crash between issue and publication', () => {
    const { cluster: running, replicas } = cluster(2);
    const [r1, r2] = replicas as [PlaneReplica, PlaneReplica];
    running.write(r1, put('kept'));
    running.gather(r1);
    running.persist(r1);
    running.write(r1, put('lost'));
    running.gather(r1);
    running.crash(r1);
    running.write(r1, put('after'));
    running.run(200);
    expect(running.states()[1]).toEqual(['x: after@r1~00000001.2']);
    expect(r2.plane.durable).toEqual(r1.plane.durable);
  });

  it('counters are not used twice after an old copy of the data directory was put back', () => {
    const { cluster: running, replicas } = cluster(2);
    const [r1] = replicas as [PlaneReplica, PlaneReplica];
    const copy = r1.disk.copy();
    running.write(r1, put('new'));
    running.run(100);
    running.restore(r1, copy);
    running.run(100);
    expect(r1.plane.restored).toBe(1);
    running.write(r1, put('taken'));
    r1.reincarnate();
    r1.connected();
    running.run(200);
    running.write(r1, put('newest'));
    running.run(200);
    expect(running.states()).toEqual([['x: newest@r1~00000002.1'], ['x: newest@r1~00000002.1']]);
  });
});

describe('known bug 31: sessions at one replica overwrite what they have not seen', () => {
  it('a write has only what its session has seen in its past, not all that its replica has', () => {
    const { replicas } = cluster(2);
    const [r1] = replicas as [PlaneReplica];
    const first = r1.plane.issue(r1.plane.applied, new Uint8Array([1]), false, { monotonicMs: 1, wallMs: 1 });
    const second = r1.plane.issue(first.deps, new Uint8Array([2]), false, { monotonicMs: 1, wallMs: 1 });
    expect(second.deps.covers(first.dot)).toBe(false);
  });

  it('a write leaves beside it what its replica had not seen, however much that has written meanwhile', async () => {
    const sim = new SimulatedCluster({ seed: 31 });
    await sim.start();
    const client = new Client(sim);
    partition(sim, [0], [1], [2]);
    for (const key of ['a', 'k', 'b', 'k', 'k']) await client.put(0, key, `${key} at r1`);
    await client.put(1, 'k', 'k at r2');
    partition(sim, [0, 2], [1]);
    await sim.run(3_000);
    const { token } = await client.put(0, 'c', 'c at r1');
    await client.put(2, 'k', 'k at r3', { token });
    heal(sim);
    await sim.converge(20_000);
    for (const at of [0, 1, 2]) expect((await client.siblings(at, 'k')).sort()).toEqual(['k at r2', 'k at r3']);
    await sim.stop();
  });
});

describe('known bug 32: a causally later write loses by its stamp', () => {
  it('a write is stamped above everything received, even what still waits for its causes', () => {
    const { cluster: running, replicas } = cluster(3);
    const [r1, r2, r3] = replicas as [PlaneReplica, PlaneReplica, PlaneReplica];
    const ahead = { monotonicMs: running.nowMs, wallMs: running.now().wallMs + LIMITS.clockMaxAheadMs };
    const cause = r2.plane.issue(r2.plane.applied, new Uint8Array([1]), false, ahead);
    const effect = r2.plane.issue(r2.plane.applied, new Uint8Array([2]), false, ahead);
    r1.receive(r2.peer, { kind: 'groups', vector: r2.plane.durable, wantReport: false, groups: [effect] });
    expect(r1.plane.buffered).toBe(1);
    const later = r1.write(put('later'), r1.plane.applied);
    expect(compareHlc(later?.hlc ?? cause.hlc, effect.hlc)).toBeGreaterThan(0);
    expect(r3.plane.buffered).toBe(0);
  });
});

describe('known bug 33: deleted data come back', () => {
  it('tombstones are kept for as long as one member has not said that it has them, however long that is', () => {
    const { cluster: running, replicas } = cluster(3);
    const [r1, , r3] = replicas as [PlaneReplica, PlaneReplica, PlaneReplica];
    running.write(r1, put('old'));
    running.run(3_000);
    running.partition((replica) => Number(replica === r3));
    running.write(r1, [{ key: 'x', value: undefined }]);
    running.run(60_000);
    expect(r1.disk.keys.get('x')?.length).toBe(1);
    expect(running.states()).toEqual([[], [], ['x: old@r1~00000001.1']]);
    running.heal();
    running.run(5_000);
    expect(running.states()).toEqual([[], [], []]);
    expect(r1.disk.keys.size + r3.disk.keys.size).toBe(0);
  });
});

describe('known bug 35: an effect is seen before its cause on some way', () => {
  it('causes come first however often, and from whomever, the effect is delivered again', () => {
    const { running, r1, r2, r3, effects } = causeAndEffect();
    for (const from of [r2, r2, r1]) {
      r3.receive(from.peer, { kind: 'groups', vector: from.plane.durable, wantReport: false, groups: effects });
      running.gather(r3);
      running.persist(r3);
      expect(running.states()[2]).toEqual([]);
    }
    r3.crash();
    running.run(1_000);
    expect(running.states()[2]).toEqual([]);
    running.heal();
    running.converge(2_000);
    expect(running.states()[2]).toEqual(['x: cause@r1~00000001.1', 'y: effect@r2~00000001.1']);
  });

  it('causes come first on the way of anti-entropy too', () => {
    const { running, r2, r3, effects } = causeAndEffect();
    const { durable: vector, floor } = r2.plane;
    r3.receive(r2.peer, { kind: 'fetched', request: 1, vector, floor, behind: false, groups: effects });
    running.gather(r3);
    running.persist(r3);
    expect(running.states()[2]).toEqual([]);
    running.heal();
    running.converge(2_000);
    expect(running.states()[2]).toEqual(['x: cause@r1~00000001.1', 'y: effect@r2~00000001.1']);
  });

  it('causes come first after a snapshot too: what waited goes on waiting for what the snapshot lacks', () => {
    const { cluster: running, replicas } = cluster(3);
    const [r1, r2, r3] = replicas as [PlaneReplica, PlaneReplica, PlaneReplica];
    for (const value of ['1', '2', '3', '4']) running.write(r1, [{ key: value, value }]);
    running.run(3_000);
    running.wipe(r3);
    running.run(60);
    running.partition((replica) => Number(replica === r2));
    running.write(r2, put('cause'));
    running.write(r2, [{ key: 'y', value: 'effect' }], r2.plane.applied);
    running.gather(r2);
    running.persist(r2);
    const effect = [...r2.disk.operations.values()].filter(({ dot }) => dot.counter === 2 && dot.origin === r2.origin);
    r3.receive(r2.peer, { kind: 'groups', vector: r2.plane.durable, wantReport: false, groups: effect });
    running.run(1_000);
    expect(r3.plane.counters.snapshotsInstalled).toBe(1);
    expect(r3.plane.buffered).toBe(1);
    expect(running.states()[2]).toEqual(running.states()[0]);
    running.heal();
    running.converge(2_000);
    expect(running.states()[2]).toContain('y: effect@r2~00000001.2');
  });
});
