/** Replicas that lost their disk, or have an old one, and get everything back from their peers. */
import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-storage.js';
import { CausewayError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { DotLedger } from '../support/dot-ledger.js';
import { Client, failure, metric } from '../support/requests.js';
import { copyOf, SimulatedCluster } from '../support/simulated-cluster.js';
import { chaos, heal, link, partition } from '../support/weather.js';

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

/** Two values large enough for a page each, three small ones, a deletion and an outcome: three pages of a snapshot. */
async function fill(client: Client): Promise<void> {
  for (const key of ['large-1', 'large-2']) await client.put(0, key, key.repeat(LIMITS.snapshotPageMaxBytes / 8));
  for (const key of ['a', 'b', 'c']) await client.put(0, key, `${key}1`);
  await client.delete(0, 'a');
  await client.put(0, 'once', 'v', { idempotencyKey: 'once' });
}

async function wipe(sim: SimulatedCluster, at: number): Promise<void> {
  await sim.crash(sim.node(at));
  sim.node(at).disk = new MemoryDisk();
}

/** r2 has lost its disk, and what it lacks comes so slowly that it can be looked at on the way. */
async function withoutDisk(seed: number, delayMs: number): Promise<{ sim: SimulatedCluster; client: Client }> {
  const { cluster: sim, client } = await cluster(seed);
  await fill(client);
  await sim.converge(20_000);
  await wipe(sim, 1);
  for (const from of [0, 2]) link(sim, from, 1, { delayMs });
  await sim.open(sim.node(1));
  return { sim, client };
}

/** Repeats a write that is refused because the replica has not caught up. */
async function untilAccepted(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (!(error instanceof CausewayError) || error.code !== 'causal-wait-timeout') throw error;
    }
  }
}

function expectEqual(sim: SimulatedCluster): void {
  for (const node of sim.nodes) {
    expect(sim.contents(node) === sim.contents(sim.node(0)), `${node.id} differs from r1`).toBe(true);
    expect(node.replica?.status().keys, `live keys of ${node.id}`).toBe(sim.replica(0).status().keys);
  }
}

describe('a replica whose disk was deleted', () => {
  it('comes back as a new incarnation and catches up by snapshot, outcomes of retries and deletions included', async () => {
    const { cluster: sim, client } = await cluster(1);
    await fill(client);
    const { etag } = await client.put(0, 'once', 'v', { idempotencyKey: 'once' });
    await sim.converge(20_000);
    const before = sim.replica(1).status().incarnation;
    await wipe(sim, 1);
    await sim.open(sim.node(1));
    await sim.converge(20_000);
    const { incarnation, vector, keys } = sim.replica(1).status();
    expect(incarnation).not.toBe(before);
    expect(vector.get(incarnation)).toBe(0);
    expect(keys).toBe(5);
    expect(metric(sim.replica(1), 'plane_snapshots_installed_total')).toBe(1);
    expectEqual(sim);
    expect(await client.get(1, 'a')).toBeUndefined();
    expect(await client.get(1, 'b')).toBe('b1');
    const retried = await client.put(1, 'once', 'v', { idempotencyKey: 'once' });
    expect([retried.etag, retried.replayed]).toEqual([etag, true]);
    await client.put(1, 'b', 'b2');
    await sim.converge(20_000);
    expectEqual(sim);
    await sim.stop();
  });

  it('lets causal requests wait, or refuses them in time, until it has caught up; eventual ones go on', async () => {
    const { sim, client } = await withoutDisk(2, 400);
    while (!sim.replica(1).status().catchingUp) await sim.run(20);
    expect(sim.replica(1).readiness('causal').ready).toBe(false);
    expect(sim.replica(1).readiness('eventual').ready).toBe(true);
    const refused = await failure(client.get(1, 'b', { timeoutMs: 100 }));
    expect([refused.code, sim.replica(1).status().catchingUp]).toEqual(['causal-wait-timeout', true]);
    expect((await failure(client.put(1, 'b', 'x', { timeoutMs: 100 }))).code).toBe('causal-wait-timeout');
    expect(await client.get(1, 'nothing', { level: 'eventual' })).toBeUndefined();
    expect((await client.put(1, 'own', 'eventual', { level: 'eventual' })).replayed).toBe(false);
    expect(await client.get(1, 'b', { timeoutMs: 20_000 })).toBe('b1');
    expect(sim.replica(1).readiness('causal').ready).toBe(true);
    await sim.converge(20_000);
    expect(await client.get(0, 'own')).toBe('eventual');
    expectEqual(sim);
    await sim.stop();
  });

  it('holds writes until it has caught up, and so knows the outcome of a retried request', async () => {
    const { sim, client } = await withoutDisk(3, 300);
    while (!sim.replica(1).status().catchingUp) await sim.run(20);
    const retried = await client.put(1, 'once', 'v', { level: 'eventual', idempotencyKey: 'once' });
    expect(retried.replayed).toBe(true);
    expect(retried.timing.waitMs).toBeGreaterThan(0);
    await sim.converge(20_000);
    expect(await client.siblings(1, 'once')).toEqual(['v']);
    expectEqual(sim);
    await sim.stop();
  });

  it('converges although it is killed in the middle of the install, wherever that is, and over bad links', async () => {
    for (let seed = 10; seed < 18; seed += 1) {
      const { cluster: sim, client } = await cluster(seed);
      await fill(client);
      await sim.converge(20_000);
      await wipe(sim, 1);
      chaos(sim, { drop: 0.2, delayMs: 10, jitterMs: 40 });
      void sim.launch(sim.node(1));
      await sim.run(300 + sim.random.float() * 400);
      await sim.crash(sim.node(1));
      // A page may be half of the truth: the deleted key must be absent although its tombstone was forgotten.
      void sim.launch(sim.node(1));
      await sim.run(sim.random.float() * 500);
      await client.put(0, 'b', 'while away');
      await sim.crash(sim.node(1));
      await sim.open(sim.node(1));
      await sim.converge(60_000);
      expect(metric(sim.replica(1), 'plane_snapshots_installed_total'), `seed ${seed}`).toBeLessThanOrEqual(1);
      expect(await client.get(1, 'a')).toBeUndefined();
      expect(await client.get(1, 'b')).toBe('while away');
      expectEqual(sim);
      await sim.stop();
    }
  });

  it('knows after a crash in the middle of the install that what it has is half of a state, even alone', async () => {
    const { sim, client } = await withoutDisk(7, 100);
    while (sim.contents(sim.node(1)) === '') await sim.run(5);
    expect(sim.replica(1).status().catchingUp).toBe(true);
    await sim.crash(sim.node(1));
    sim.network.setOnline(false);
    await sim.open(sim.node(1));
    expect(sim.contents(sim.node(1)) === sim.contents(sim.node(0))).toBe(false);
    expect(sim.replica(1).status().catchingUp).toBe(true);
    expect(sim.replica(1).readiness('causal').ready).toBe(false);
    expect((await failure(client.get(1, 'b', { timeoutMs: 200 }))).code).toBe('causal-wait-timeout');
    sim.network.setOnline(true);
    await sim.converge(20_000);
    expect(metric(sim.replica(1), 'plane_snapshots_installed_total')).toBe(1);
    expectEqual(sim);
    await sim.stop();
  });

  it('gets a record that is larger than a message', async () => {
    const { cluster: sim, client } = await cluster(4);
    partition(sim, [0], [1], [2]);
    for (const at of [0, 1, 2]) await client.put(at, 'k', `${at}`.repeat(LIMITS.valueMaxBytes));
    heal(sim);
    await sim.converge(20_000);
    await wipe(sim, 2);
    await sim.open(sim.node(2));
    await sim.converge(60_000);
    expect(await client.siblings(2, 'k')).toHaveLength(3);
    expectEqual(sim);
    await sim.stop();
  });
});

describe('groups that only a dead incarnation knew', () => {
  it('are given up, with what depends on them: buffers drain, and all end byte-equal', async () => {
    const { cluster: sim, client } = await cluster(5);
    await client.put(0, 'k', 'kept');
    await sim.converge(20_000);
    // r2 misses the first write of r1 and gets the second; then r1 loses its disk, and the first with it.
    partition(sim, [0], [1, 2]);
    await client.put(0, 'lost', 'only r1 ever had it');
    await sim.run(LIMITS.gapRepairDelayMs);
    heal(sim);
    await client.put(0, 'k', 'after what was lost');
    // It arrives, and r1 is gone before the gap before it can be fetched.
    await sim.run(5);
    await wipe(sim, 0);
    await sim.run(200);
    expect(sim.replica(1).status().buffered).toBe(1);
    expect(await client.get(1, 'k', { level: 'eventual' })).toBe('after what was lost');
    await sim.open(sim.node(0));
    await sim.converge(30_000);
    expect(metric(sim.replica(1), 'plane_lost_incarnation_groups_total')).toBe(1);
    for (const at of [0, 1, 2]) {
      expect(await client.get(at, 'k', { level: 'eventual' })).toBe('kept');
      expect(await client.get(at, 'lost')).toBeUndefined();
    }
    expectEqual(sim);
    await sim.stop();
  });
});

describe('a data directory restored from an older copy', () => {
  it('takes a new incarnation, gets back what the copy lacks, and uses no dot twice', async () => {
    const { cluster: sim, client } = await cluster(6);
    const ledger = new DotLedger(sim);
    await client.put(0, 'k', '1');
    await sim.run(100);
    const backup = copyOf(sim.node(0).disk);
    for (let i = 2; i <= 9; i += 1) await client.put(0, 'k', `${i}`);
    await client.put(0, 'gone', 'x');
    await client.delete(0, 'gone');
    await sim.run(100);
    const before = sim.replica(0).status().incarnation;
    await sim.close(sim.node(0));
    sim.node(0).disk = backup;
    await sim.open(sim.node(0));
    await sim.converge(30_000);
    const { incarnation } = sim.replica(0).status();
    expect(incarnation).not.toBe(before);
    const trace = sim.traces.find(({ name }) => name === 'plane.reincarnated');
    expect(trace?.facts).toMatchObject({ was: before, now: incarnation, have: 1, peerCounter: 11 });
    for (const at of [0, 1, 2]) {
      expect(await client.siblings(at, 'k')).toEqual(['9']);
      expect(await client.get(at, 'gone')).toBeUndefined();
    }
    const { etag } = await client.put(0, 'k', '10');
    expect(etag).toBe(`"${incarnation}.1"`);
    await sim.run(100);
    expect(ledger.reused).toEqual([]);
    await sim.converge(30_000);
    expectEqual(sim);
    // It keeps the new one.
    await sim.close(sim.node(0));
    await sim.open(sim.node(0));
    expect(sim.replica(0).status().incarnation).toBe(incarnation);
    await sim.stop();
  });

  it('loses nothing it acknowledges, over bad links too: it takes no request before it was told what it lacks', async () => {
    for (let seed = 30; seed < 40; seed += 1) {
      const { cluster: sim, client } = await cluster(seed);
      const ledger = new DotLedger(sim);
      await client.put(0, 'k', '1');
      await sim.run(100);
      const backup = copyOf(sim.node(0).disk);
      for (let i = 2; i <= 5; i += 1) {
        await client.put(0, 'k', `${i}`);
      }
      await sim.run(200);
      await sim.crash(sim.node(0));
      sim.node(0).disk = backup;
      chaos(sim, { drop: 0.2, delayMs: 20, jitterMs: 100 });
      void sim.launch(sim.node(0));
      while (sim.node(0).replica === undefined) await sim.run(1);
      for (let i = 0; i < 5; i += 1) {
        await untilAccepted(() => client.put(0, `after-${i}`, 'v', { level: 'eventual' }));
        await sim.run(30);
      }
      await sim.converge(30_000);
      expect(ledger.reused, `seed ${seed}`).toEqual([]);
      for (const at of [0, 1, 2]) {
        expect(await client.siblings(at, 'k')).toEqual(['5']);
        for (let i = 0; i < 5; i += 1) expect(await client.get(at, `after-${i}`), `seed ${seed}`).toBe('v');
      }
      expectEqual(sim);
      await sim.stop();
    }
  });
});
