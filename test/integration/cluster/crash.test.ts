/** Real processes, killed without warning under load, on real LMDB and a real nats-server. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import {
  type Acknowledged,
  converged,
  type Load,
  openLab,
  pause,
  sameEverywhere,
  startLoad,
  status,
} from './real-lab.js';

const ENOUGH = 500;

let lab: Lab;

beforeAll(async () => {
  lab = await openLab({ basePort: 7401 });
});

afterAll(async () => {
  await lab?.stop();
});

/** However fast the machine is: for a while, and until enough was acknowledged to lose some of it. */
async function inFullSwing(loads: readonly Load[]): Promise<void> {
  await pause(1_000);
  await expect
    .poll(() => loads.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0))
    .toBeGreaterThan(ENOUGH);
}

function expectKept(acknowledged: readonly Acknowledged[], keys: ReadonlyMap<string, string>): void {
  expect(acknowledged.length).toBeGreaterThan(ENOUGH);
  const lost = acknowledged.filter(({ key, etag }) => keys.get(key) !== etag);
  expect(lost).toEqual([]);
}

/** Write groups in its operation log. */
async function operationsAt(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/causeway_operation_log_groups\S* (\d+)/.exec(metrics)?.[1]);
}

describe('a replica killed with kill -9 in the middle of a heavy write load', () => {
  it('has every acknowledged write after its restart, and never uses a dot twice', async () => {
    const acknowledged: Acknowledged[] = [];
    for (const round of [1, 2]) {
      const load = startLoad(lab.replica('r1').url, `round${round}`, 32, round === 1 ? 'causal' : 'eventual');
      const batches = startLoad(lab.replica('r1').url, `batches${round}`, 16, 'causal', 32);
      const beside = startLoad(lab.replica('r2').url, `beside${round}`, 8, 'causal');
      const loads = [load, batches, beside];
      await inFullSwing(loads);
      await lab.replica('r1').kill();
      await Promise.all(loads.map((each) => each.stop()));
      acknowledged.push(...loads.flatMap((each) => each.acknowledged));
      const incarnation = (await status(lab.replica('r2').url)).incarnation;
      await lab.replica('r1').restart();
      expect((await status(lab.replica('r2').url)).incarnation).toBe(incarnation);
    }
    await lab.settled();
    await converged(lab);
    const keys = await sameEverywhere(lab);
    expectKept(acknowledged, keys);
    const dots = [...keys].filter(([key]) => !key.startsWith('batches')).map(([, etag]) => etag);
    expect(new Set(dots).size).toBe(dots.length);
  });
});

describe('a replica whose data directory was deleted', () => {
  it('comes back as a new incarnation and catches up by snapshot while the others serve', async () => {
    const before = await status(lab.replica('r3').url);
    // What all have is forgotten in time: then only a snapshot can bring it.
    for (const id of ['r1', 'r2']) await expect.poll(() => operationsAt(lab.replica(id).url)).toBeLessThan(100);
    await lab.replica('r3').kill();
    rmSync(join(lab.folder, 'r3'), { recursive: true });
    const load = startLoad(lab.replica('r1').url, 'meanwhile', 16, 'causal');
    await lab.replica('r3').restart();
    await inFullSwing([load]);
    await load.stop();
    await lab.settled();
    await converged(lab);
    const after = await status(lab.replica('r3').url);
    expect(after.incarnation).not.toBe(before.incarnation);
    expectKept(load.acknowledged, await sameEverywhere(lab));
    const metrics = await (await fetch(`${lab.replica('r3').url}/metrics`)).text();
    expect(metrics).toMatch(/causeway_plane_snapshots_installed_total\S* [1-9]/);
  });
});
