/** How long replicas take to have what any of them had when a fault ended, while clients go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../cluster.js';
import { type Standing, standingOf } from '../workload/control.js';

const POLL_MS = 25;
const TIMEOUT_MS = 30_000;

/** In ms; `null` if it takes too long. */
export async function catchUpMs(lab: Lab): Promise<number | null> {
  const startedMs = performance.now();
  const goal = joined(await standingsOf(lab));
  for (;;) {
    const tookMs = performance.now() - startedMs;
    const standings = await standingsOf(lab);
    if (standings.length === lab.replicas.length && standings.every((standing) => covers(standing, goal)))
      return tookMs;
    if (tookMs > TIMEOUT_MS) return null;
    await sleep(POLL_MS);
  }
}

type Vector = Standing['vector'];

async function standingsOf(lab: Lab): Promise<readonly Standing[]> {
  const standings = await Promise.all(lab.replicas.map(standingOf));
  return standings.flatMap((standing) => standing ?? []);
}

function joined(standings: readonly Standing[]): Vector {
  const join: Record<string, number> = {};
  for (const { vector } of standings) {
    for (const [origin, counter] of Object.entries(vector)) join[origin] = Math.max(join[origin] ?? 0, counter);
  }
  return join;
}

function covers({ vector }: Standing, goal: Vector): boolean {
  return Object.entries(goal).every(([origin, counter]) => (vector[origin] ?? 0) >= counter);
}
