/** Which replica of a lab leads the total order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../src/lab/cluster.js';

const TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** The index of the replica that the others follow, once there is one. @throws Error if there is none for long. */
export async function leaderOf(lab: Lab): Promise<number> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const roles = await Promise.all(lab.replicas.map(({ url }) => roleOf(url)));
    const leader = roles.indexOf('leader');
    if (leader >= 0) return leader;
    await sleep(POLL_MS);
  }
  throw new Error(`no replica of the lab has led within ${TIMEOUT_MS} ms`);
}

async function roleOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/replica`);
  const { role }: { role?: string } = (await answer.json()) as { role?: string };
  return role ?? '';
}
