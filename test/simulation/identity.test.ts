/** Two processes under one id: one of them goes, and it is the right one. */
import { describe, expect, it } from 'vitest';
import { Client, failure, metric } from '../support/requests.js';
import { newNode, SimulatedCluster } from '../support/simulated-cluster.js';

describe('two processes with one id', () => {
  it('the second refuses to start, and the first does not notice', async () => {
    const sim = new SimulatedCluster({ seed: 1 });
    await sim.start();
    await sim.run(500);
    const double = newNode(sim.node(0).id);
    const refused = await failure(sim.open(double));
    expect(refused.code).toBe('replica-id-taken');
    expect(refused.message).toContain('"r1"');
    const client = new Client(sim);
    await client.put(0, 'k', 'v', { durability: 'all' });
    await sim.converge(10_000);
    expect(sim.fatal).toEqual([]);
    expect(metric(sim.replica(1), 'plane_refused_total')).toBe(0);
    await sim.stop();
  });

  it('that meet after an outage of the network: exactly the one that started later goes', async () => {
    for (const seed of [2, 3, 4]) {
      const sim = new SimulatedCluster({ seed });
      await sim.start();
      await sim.run(500);
      const client = new Client(sim);
      await client.put(0, 'k', 'v');
      await sim.converge(10_000);
      sim.network.setOnline(false);
      const double = newNode(sim.node(0).id);
      await sim.open(double);
      const [older, younger] = [sim.replica(0).status().incarnation, double.replica?.status().incarnation];
      expect(older).not.toBe(younger);
      sim.network.setOnline(true);
      await sim.run(2_000);
      expect(sim.fatal).toHaveLength(1);
      expect(sim.fatal[0]?.error).toMatchObject({ code: 'replica-id-taken' });
      expect(sim.fatal[0]?.node).toBe(double);
      await sim.converge(30_000);
      expect(sim.replica(0).status().incarnation).toBe(older);
      for (const at of [0, 1, 2]) {
        expect(await client.get(at, 'k')).toBe('v');
        expect((await client.put(at, `k${at}`, 'w', { durability: 'all' })).durability).toBe('all');
      }
      await sim.stop();
    }
  });
});
