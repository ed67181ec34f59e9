/** Wall clocks that are wrong: a day ahead, an hour back, jumping. They never decide what came before what. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/limits.js';
import { compareHlc } from '../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { DotLedger } from '../support/dot-ledger.js';
import { Client, metric } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

function skew(sim: SimulatedCluster, at: number, skewMs: number): void {
  sim.replica(at).faults?.put({ kind: 'clock', skewMs, ttlMs: 10 * DAY_MS });
}

/** Converge with the clocks as wrong as they are. */
async function settle(sim: SimulatedCluster): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const vectors = sim.nodes.map(({ replica }) => JSON.stringify(replica?.status().vector));
    if (new Set(vectors).size === 1 && sim.nodes.every(({ replica }) => replica?.status().buffered === 0)) return;
    await sim.run(50);
  }
  throw new Error('not settled');
}

describe('a replica whose clock is a day ahead', () => {
  it('is not followed by any other, and all converge', async () => {
    const { cluster: sim, client } = await cluster(1);
    skew(sim, 0, DAY_MS);
    let token = VersionVector.EMPTY;
    for (let i = 0; i < 12; i += 1) {
      ({ token } = await client.put(i % 3, `k${i % 2}`, `${i}`, { token }));
      for (const at of [1, 2]) {
        const aheadMs = sim.replica(at).status().hlc.ms - sim.time.wallMs();
        expect(aheadMs, `r${at + 1} after ${i}`).toBeLessThanOrEqual(LIMITS.clockMaxAheadMs);
      }
    }
    await settle(sim);
    expect(metric(sim.replica(1), 'plane_stamps_ahead_total')).toBeGreaterThan(0);
    expect(sim.replica(0).status().hlc.ms - sim.time.wallMs()).toBeGreaterThan(DAY_MS - HOUR_MS);
    for (const at of [0, 1, 2]) {
      expect(await client.siblings(at, 'k0')).toEqual(['10']);
      expect(await client.siblings(at, 'k1')).toEqual(['11']);
    }
    await sim.stop();
  });

  it('never makes a causally later write lose to an earlier one, whatever their stamps (known bug 32)', async () => {
    const { cluster: sim, client } = await cluster(2);
    skew(sim, 0, DAY_MS);
    const earlier = await client.put(0, 'k', 'stamped tomorrow');
    const later = await client.put(1, 'k', 'after', { token: earlier.token });
    expect(later.hlc.ms).toBeLessThan(earlier.hlc.ms);
    await settle(sim);
    for (const at of [0, 1, 2]) expect(await client.siblings(at, 'k')).toEqual(['after']);
    const last = await client.delete(2, 'k', { token: later.token });
    for (const at of [0, 1, 2]) expect(await client.get(at, 'k', { token: last.token })).toBeUndefined();
    await sim.stop();
  });

  it('whose clock is right again goes on with stamps that only grow, also after a restart', async () => {
    const { cluster: sim, client } = await cluster(3);
    skew(sim, 0, DAY_MS);
    const first = await client.put(0, 'k', '1');
    sim.replica(0).faults?.clear();
    const second = await client.put(0, 'k', '2');
    await sim.crash(sim.node(0));
    await sim.open(sim.node(0));
    const third = await client.put(0, 'k', '3');
    expect(compareHlc(second.hlc, first.hlc)).toBeGreaterThan(0);
    expect(compareHlc(third.hlc, second.hlc)).toBeGreaterThan(0);
    await sim.converge(10_000);
    for (const at of [0, 1, 2]) expect(await client.siblings(at, 'k')).toEqual(['3']);
    await sim.stop();
  });
});

describe('clocks an hour back and a day ahead at once', () => {
  it('change no outcome: all converge, by the causes alone, and concurrent writes have the same winner', async () => {
    const { cluster: sim, client } = await cluster(4);
    const ledger = new DotLedger(sim);
    skew(sim, 0, DAY_MS);
    skew(sim, 1, -HOUR_MS);
    for (let i = 0; i < 60; i += 1) {
      const at = sim.random.int(3);
      if (sim.random.chance(0.2)) await client.delete(at, `k${i % 5}`);
      else await client.put(at, `k${i % 5}`, `${i}`);
      if (i % 10 === 0) skew(sim, 1, sim.random.int(2 * HOUR_MS) - 2 * HOUR_MS);
    }
    await settle(sim);
    const survivors = ledger.survivors();
    for (const node of sim.nodes) {
      expect(ledger.held(node)).toEqual(survivors);
      expect(await client.list(sim.nodes.indexOf(node), '', 'causal')).toEqual(await client.list(0, '', 'causal'));
    }
    await sim.converge(10_000);
    await sim.run(4_000);
    expect(new Set(sim.nodes.map((node) => sim.contents(node))).size).toBe(1);
    await sim.stop();
  });
});
