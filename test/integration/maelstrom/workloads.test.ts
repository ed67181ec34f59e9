/** Maelstrom's workloads against processes that are killed with SIGKILL and started again on what they left on disk. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MaelstromNodes } from '../../support/maelstrom-cluster.js';
import { pause, runCounter, runLinKv, runUniqueIds } from '../../support/maelstrom-workloads.js';
import { runSeed } from '../../support/seeded-random.js';
import { temporaryFolder } from '../lab/command.js';
import { ProcessNodes } from './process-nodes.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

/** One node is cut off, later one is killed, then all of them at once. */
async function faults({ network, random, ids, time, kill, start }: MaelstromNodes): Promise<void> {
  network.loss = 0.02;
  network.delayMs = 5;
  await pause(time, 300);
  const lonely = random.pick(ids);
  network.partition(
    [lonely],
    ids.filter((id) => id !== lonely),
  );
  await pause(time, 700);
  network.heal();
  await pause(time, 300);
  const victim = random.pick(ids);
  await kill(victim);
  await pause(time, 100);
  await start(victim);
  await pause(time, 300);
  await Promise.all(ids.map(kill));
  await Promise.all(ids.map(start));
  await pause(time, 500);
}

describe('nodes that are cut off and killed', () => {
  it('keep registers linearizable, lose nothing that was added to a counter, and hand out no id twice', async () => {
    const seed = runSeed();
    const nodes = new ProcessNodes(seed, folder.path);
    try {
      await Promise.all(nodes.ids.map(nodes.start));
      const ended = faults(nodes);
      const load = { clients: 3, requests: 40, pauseMs: 60 };
      const options = { load, nemesis: () => ended, convergeMs: 15_000 };
      const [registers, counter, ids] = await Promise.all([
        runLinKv(nodes, { ...options, load: { ...load, clients: 6 } }),
        runCounter(nodes, true, options),
        runUniqueIds(nodes, options),
      ]);
      expect(registers.ok).toBeGreaterThan(10);
      expect(registers.shown).toBeGreaterThan(0);
      expect(registers.refused + registers.unknown).toBeGreaterThan(0);
      expect(counter.ok).toBeGreaterThan(10);
      expect(ids.ok).toBeGreaterThan(10);
      expect(await nodes.stop()).toEqual([0, 0, 0]);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    } finally {
      nodes.destroy();
    }
  });
});
