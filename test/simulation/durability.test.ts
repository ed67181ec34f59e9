/** Writes that wait until others have them, and what becomes of them when the others cannot be reached. */
import { describe, expect, it } from 'vitest';
import type { WriteResult } from '../../src/replica/request-types.js';
import { Client, failure, putOp, write } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, link, partition } from '../support/weather.js';

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

/** Indices of replicas on whose disk the write is. */
function holders(cluster: SimulatedCluster, { etag }: WriteResult): number[] {
  const [origin, counter] = etag.slice(1, -1).split('.') as [string, string];
  return [...cluster.nodes.keys()].filter((at) => {
    const vector = Object.fromEntries(cluster.replica(at).status().vector.entries());
    return (vector[origin] ?? 0) >= Number(counter);
  });
}

describe('a write with Durability', () => {
  it('majority is on a majority of disks when it is acknowledged, and not on that of a replica that cannot be reached', async () => {
    const { cluster: sim, client } = await cluster(1);
    partition(sim, [0, 1], [2]);
    const written = await client.put(0, 'k', 'v', { durability: 'majority' });
    expect(written.durability).toBe('majority');
    expect(holders(sim, written)).toEqual([0, 1]);
    await sim.stop();
  });

  it('all is on all disks when it is acknowledged', async () => {
    const { cluster: sim, client } = await cluster(2);
    link(sim, 0, 2, { delayMs: 400 });
    const startedMs = sim.time.monotonicMs();
    const written = await client.put(0, 'k', 'v', { durability: 'all' });
    expect(holders(sim, written)).toEqual([0, 1, 2]);
    expect(sim.time.monotonicMs()).toBeGreaterThan(startedMs);
    await sim.stop();
  });

  it('local is acknowledged before anybody else has it', async () => {
    const { cluster: sim, client } = await cluster(3);
    link(sim, 0, 1, { delayMs: 400 });
    link(sim, 0, 2, { delayMs: 400 });
    expect(holders(sim, await client.put(0, 'k', 'v'))).toEqual([0]);
    await sim.stop();
  });

  it('of many clients at once is reached by all of them', async () => {
    const { cluster: sim } = await cluster(4);
    const writes = Array.from({ length: 300 }, (_, i) =>
      write(sim.replica(i % 3), [putOp(`k${i % 50}`, `${i}`)], { durability: i % 2 === 0 ? 'majority' : 'all' }),
    );
    const written = await sim.during(Promise.all(writes));
    expect(written.map((result) => holders(sim, result).length >= (result.durability === 'all' ? 3 : 2))).not.toContain(
      false,
    );
    await sim.stop();
  });

  it('that cannot be reached is refused at once, and not applied', async () => {
    const { cluster: sim, client } = await cluster(5);
    partition(sim, [0], [1, 2]);
    await sim.run(2_000);
    const startedMs = sim.time.monotonicMs();
    const refused = await failure(client.put(0, 'k', 'v', { durability: 'majority' }));
    expect([refused.code, refused.entry.outcome]).toEqual(['no-quorum', 'not-applied']);
    expect(sim.time.monotonicMs()).toBe(startedMs);
    expect((await failure(client.put(1, 'k', 'v', { durability: 'all' }))).code).toBe('no-quorum');
    expect((await client.put(1, 'k', 'w', { durability: 'majority' })).durability).toBe('majority');
    heal(sim);
    await sim.converge(10_000);
    for (const at of [0, 1, 2]) expect(await client.siblings(at, 'k')).toEqual(['w']);
    await sim.stop();
  });

  it('that is cut off in between has an unknown outcome, is kept, and spreads after the heal', async () => {
    const { cluster: sim, client } = await cluster(6);
    partition(sim, [0], [1, 2]);
    const unknown = await failure(client.put(0, 'k', 'v', { durability: 'majority', timeoutMs: 600 }));
    expect([unknown.code, unknown.entry.outcome]).toEqual(['outcome-unknown', 'unknown']);
    expect(await client.get(0, 'k')).toBe('v');
    expect(await client.get(1, 'k')).toBeUndefined();
    heal(sim);
    await sim.converge(10_000);
    for (const at of [1, 2]) expect(await client.get(at, 'k')).toBe('v');
    await sim.stop();
  });

  it('is acknowledged although the heal comes while it waits', async () => {
    const { cluster: sim } = await cluster(7);
    partition(sim, [0], [1, 2]);
    const pending = write(sim.replica(0), [putOp('k', 'v')], { durability: 'all', timeoutMs: 5_000 });
    await sim.run(500);
    heal(sim);
    const written = await sim.during(pending);
    expect(holders(sim, written)).toEqual([0, 1, 2]);
    await sim.stop();
  });
});
