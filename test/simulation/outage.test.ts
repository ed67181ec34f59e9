/** The network between all replicas is gone, as when the NATS server is stopped. */
import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { DotLedger } from '../support/dot-ledger.js';
import { Client, failure } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';

describe('while the transport is offline for 20 s', () => {
  it('every replica goes on serving eventual and causal requests, and all converge after', async () => {
    const sim = new SimulatedCluster({ seed: 1 });
    await sim.start();
    await sim.run(500);
    const client = new Client(sim);
    const ledger = new DotLedger(sim);
    await client.put(0, 'k', 'before');
    await sim.run(500);
    sim.network.setOnline(false);
    const endMs = sim.time.monotonicMs() + 20_000;
    const tokens = [VersionVector.EMPTY, VersionVector.EMPTY, VersionVector.EMPTY];
    let served = 0;
    while (sim.time.monotonicMs() < endMs) {
      for (const at of [0, 1, 2]) {
        const token = tokens[at] ?? VersionVector.EMPTY;
        const written = await client.put(at, `own-${at}`, `${served}`, { token });
        expect(await client.get(at, `own-${at}`, { token: written.token })).toBe(`${served}`);
        expect(await client.get(at, 'k', { level: 'eventual' })).toBeDefined();
        await client.put(at, 'shared', `${at}`, { level: 'eventual' });
        expect(sim.replica(at).status().transportConnected).toBe(false);
        expect(sim.replica(at).readiness('causal').ready).toBe(true);
        tokens[at] = written.token;
        served += 1;
      }
      await sim.run(300);
    }
    expect(served).toBeGreaterThan(100);
    expect((await failure(client.put(0, 'k', 'v', { durability: 'majority' }))).code).toBe('no-quorum');
    sim.network.setOnline(true);
    await sim.converge(10_000);
    await sim.run(3_000);
    expect(new Set(sim.nodes.map((node) => sim.contents(node))).size).toBe(1);
    expect(ledger.held(sim.node(2))).toEqual(ledger.survivors());
    expect(await client.siblings(1, 'shared')).toHaveLength(3);
    const last = tokens[0] ?? VersionVector.EMPTY;
    expect(await client.get(2, 'own-0', { token: last })).toBe(await client.get(0, 'own-0'));
    await sim.stop();
  });

  it('that begins and ends again and again, nothing is lost and nothing doubled', async () => {
    const sim = new SimulatedCluster({ seed: 2 });
    await sim.start();
    const client = new Client(sim);
    const ledger = new DotLedger(sim);
    for (let i = 0; i < 60; i += 1) {
      sim.network.setOnline(i % 3 !== 2);
      await client.put(i % 3, `k${i % 7}`, `${i}`, { level: 'eventual' });
      await sim.run(sim.random.float() * 80);
    }
    sim.network.setOnline(true);
    await sim.converge(10_000);
    await sim.run(3_000);
    for (const node of sim.nodes) expect(ledger.held(node)).toEqual(ledger.survivors());
    expect(new Set(sim.nodes.map((node) => sim.contents(node))).size).toBe(1);
    await sim.stop();
  });
});
