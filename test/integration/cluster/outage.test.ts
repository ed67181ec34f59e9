/** The nats-server goes away and comes back; nobody who stays at one replica should notice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import { converged, openLab, pause, sameEverywhere, startLoad } from './real-lab.js';

/** `OUTAGE_MS` for a longer one. */
const OUTAGE_MS = Number(process.env['OUTAGE_MS'] ?? 5_000);

let lab: Lab;

beforeAll(async () => {
  lab = await openLab({ basePort: 7451 });
});

afterAll(async () => {
  await lab?.stop();
});

it('requests of both weaker levels are served by every replica while NATS is down, and all converge after', async () => {
  await lab.nats.stop();
  const loads = lab.replicas.flatMap(({ id, url }) => [
    startLoad(url, `${id}-causal`, 2, 'causal'),
    startLoad(url, `${id}-eventual`, 2, 'eventual'),
  ]);
  await pause(OUTAGE_MS);
  for (const load of loads) await expect.poll(() => load.acknowledged.length).toBeGreaterThan(50);
  await Promise.all(loads.map((load) => load.stop()));
  for (const load of loads) expect(load.failed).toBe(0);
  await lab.nats.start();
  await lab.settled();
  await converged(lab);
  const keys = await sameEverywhere(lab);
  for (const { key, etag } of loads.flatMap((load) => load.acknowledged)) expect(keys.get(key)).toBe(etag);
});
