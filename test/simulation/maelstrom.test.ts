/** Maelstrom's workloads against production replicas in virtual time: lossy links, partitions, nodes that die and return. */
import { describe, expect, it } from 'vitest';
import type { WorkloadName } from '../../src/maelstrom/workload-names.js';
import { MaelstromCluster, type MaelstromNodes } from '../support/maelstrom-cluster.js';
import { pause, type RunOptions, runCounter, runLinKv, runSet, runUniqueIds } from '../support/maelstrom-workloads.js';
import { runSeed } from '../support/seeded-random.js';

const OPTIONS: RunOptions = {
  load: { clients: 5, requests: 30, pauseMs: 150 },
  nemesis: faults,
  convergeMs: 20_000,
};

/** So much that a stale read, if there were one, would be seen to be one. */
const BUSY: RunOptions = { ...OPTIONS, load: { clients: 8, requests: 60, pauseMs: 60 } };

const NO_FAULTS: RunOptions = { ...OPTIONS, load: { ...OPTIONS.load, requests: 10 }, nemesis: () => Promise.resolve() };

/** A node cut off, then one killed while messages get lost, and another one cut off. */
async function faults({ network, random, ids, time, kill, start }: MaelstromNodes): Promise<void> {
  const isolate = async (ms: number) => {
    const lonely = random.pick(ids);
    network.partition(
      [lonely],
      ids.filter((id) => id !== lonely),
    );
    await pause(time, ms);
    network.heal();
  };
  await isolate(1_000);
  await pause(time, 200);
  const victim = random.pick(ids);
  await kill(victim);
  network.loss = 0.1;
  await pause(time, 500);
  await start(victim);
  network.loss = 0;
  await isolate(500);
}

async function withCluster<T>(workload: WorkloadName | undefined, run: (cluster: MaelstromCluster) => Promise<T>) {
  const seed = runSeed();
  const cluster = new MaelstromCluster(seed, workload);
  try {
    await cluster.during(Promise.all(cluster.ids.map((id) => cluster.start(id))));
    const result = await cluster.during(run(cluster));
    expect(cluster.fatal).toEqual([]);
    await cluster.stop();
    return result;
  } catch (error) {
    throw new Error(`SEED=${seed}`, { cause: error });
  }
}

describe('under partitions, loss and kills', () => {
  it('ids are unique, and handed out on both sides of any partition', async () => {
    const tally = await withCluster('unique-ids', (cluster) => runUniqueIds(cluster, OPTIONS));
    expect(tally.ok).toBeGreaterThan(100);
  });

  it('every acknowledged message of a broadcast is everywhere in the end', async () => {
    const tally = await withCluster('broadcast', (cluster) => runSet(cluster, 'broadcast', OPTIONS));
    expect(tally.ok).toBeGreaterThan(100);
  });

  it('a counter comes to the sum of what was acknowledged', async () => {
    const tally = await withCluster('pn-counter', (cluster) => runCounter(cluster, true, OPTIONS));
    expect(tally.ok).toBeGreaterThan(100);
  });

  it('registers are linearizable, and served while a majority is together', async () => {
    const tally = await withCluster('lin-kv', (cluster) => runLinKv(cluster, BUSY));
    expect(tally.ok).toBeGreaterThan(50);
    expect(tally.swapped).toBeGreaterThan(5);
    expect(tally.shown).toBeGreaterThan(5);
    expect(tally.refused + tally.unknown).toBeGreaterThan(5);
  });
});

async function isWritable({ network }: MaelstromCluster, node: string): Promise<boolean> {
  return (await network.rpc(node, { type: 'write', key: 'end', value: 0 })).kind === 'ok';
}

describe('a node that comes back without its data', () => {
  it('takes part again under the same name, and registers are linearizable all the time', async () => {
    await withCluster('lin-kv', async (cluster) => {
      const { random, ids, time, kill, start } = cluster;
      const nemesis = async () => {
        // What only the founder of the order knows of it would be lost with the founder.
        await pause(time, 2_500);
        const victim = random.pick(ids);
        await kill(victim);
        cluster.loseDisk(victim);
        await start(victim);
        await pause(time, 6_000);
        // Now a majority needs the one that came back.
        const other = random.pick(ids.filter((id) => id !== victim));
        await kill(other);
        const deadlineMs = time.monotonicMs() + 20_000;
        while (!(await isWritable(cluster, victim))) expect(time.monotonicMs()).toBeLessThan(deadlineMs);
        await start(other);
      };
      const load = { clients: 4, requests: 50, pauseMs: 200 };
      const tally = await runLinKv(cluster, { load, nemesis, convergeMs: 0 });
      expect(tally.ok).toBeGreaterThan(50);
    });
  });
});

describe('without faults, and without being told what is tested', () => {
  it('every request of every workload succeeds', async () => {
    const all = { ok: 50, refused: 0, unknown: 0 };
    expect(await withCluster(undefined, (cluster) => runSet(cluster, 'g-set', NO_FAULTS))).toEqual(all);
    expect(await withCluster(undefined, (cluster) => runSet(cluster, 'broadcast', NO_FAULTS))).toEqual(all);
    expect(await withCluster(undefined, (cluster) => runCounter(cluster, false, NO_FAULTS))).toEqual(all);
    await withCluster(undefined, async (cluster) => {
      expect(await runUniqueIds(cluster, NO_FAULTS)).toEqual(all);
      const figures = await runLinKv(cluster, NO_FAULTS);
      expect(figures.unknown).toBe(0);
      expect(figures.ok).toBeGreaterThan(30);
    });
  });
});
