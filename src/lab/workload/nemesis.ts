/**
 * Faults on a lab of real processes, one after the other: cuts, an isolated leader, leadership handed over, replicas
 * killed, paused and started again. Each is undone before the next begins, so that a majority can always form.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../cluster.js';
import { jsonOf, NoAnswer, sendCall } from '../http-call.js';
import type { ReplicaProcess } from '../replica-process.js';
import { Draw } from './draw.js';

export const FAULTS = ['cut-one', 'isolate-leader', 'transfer', 'kill', 'kill-leader', 'pause-leader'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Struck {
  readonly fault: Fault;
  readonly replica: string;
  readonly atMs: number;
}

export interface NemesisOptions {
  readonly lab: Lab;
  readonly seed: number;
  /** How long a fault lasts, and the time between two. */
  readonly lastsMs: number;
  readonly restMs: number;
  readonly signal: AbortSignal;
}

const FAULT_TTL_MS = 60_000;

/** Strikes until the signal aborts; leaves the cluster whole. Returns what it did. */
export async function torment({ lab, seed, lastsMs, restMs, signal }: NemesisOptions): Promise<readonly Struck[]> {
  const draw = new Draw(seed);
  const startedMs = performance.now();
  const struck: Struck[] = [];
  let order: Fault[] = [];
  while (!signal.aborted) {
    if (order.length === 0) order = shuffled(draw);
    const fault = order.pop() as Fault;
    const victim = await victimOf(lab, fault, draw);
    struck.push({ fault, replica: victim.id, atMs: Math.round(performance.now() - startedMs) });
    const undo = await strike(lab, fault, victim, draw);
    await pause(lastsMs, signal);
    await undo();
    await pause(restMs, signal);
  }
  await lab.settled();
  return struck;
}

/** The replica that says it leads in the highest term; undefined if none does. */
export async function leaderOf(lab: Lab): Promise<ReplicaProcess | undefined> {
  let found: { readonly replica: ReplicaProcess; readonly term: number } | undefined;
  for (const replica of lab.replicas) {
    const status = await statusOf(replica);
    if (status?.role !== 'leader' || status.term <= (found?.term ?? 0)) continue;
    found = { replica, term: status.term };
  }
  return found?.replica;
}

async function victimOf(lab: Lab, fault: Fault, draw: Draw): Promise<ReplicaProcess> {
  const anyone = lab.replicas[draw.below(lab.replicas.length)] as ReplicaProcess;
  return fault === 'cut-one' || fault === 'kill' ? anyone : ((await leaderOf(lab)) ?? anyone);
}

/** Returns what undoes it. */
async function strike(lab: Lab, fault: Fault, victim: ReplicaProcess, draw: Draw): Promise<() => Promise<void>> {
  switch (fault) {
    case 'cut-one':
    case 'isolate-leader': {
      const others = lab.replicas.filter((replica) => replica !== victim).map(({ id }) => id);
      await tellAll(lab, 'PUT', '/v1/faults/partitions/nemesis', { groups: [[victim.id], others], ttlMs: FAULT_TTL_MS });
      return () => tellAll(lab, 'DELETE', '/v1/faults');
    }
    case 'transfer': {
      const heirs = lab.replicas.filter((replica) => replica !== victim);
      const heir = heirs[draw.below(heirs.length)] as ReplicaProcess;
      await tell(victim, 'POST', `/v1/members/${heir.id}/lead`);
      return async () => undefined;
    }
    case 'kill':
    case 'kill-leader':
      await victim.kill();
      return () => victim.restart();
    case 'pause-leader':
      victim.pause();
      return async () => victim.resume();
  }
}

async function tellAll(lab: Lab, method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
  await Promise.all(lab.replicas.map((replica) => tell(replica, method, path, body)));
}

async function tell(replica: ReplicaProcess, method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
  const json = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  try {
    await sendCall({ method, origin: replica.url, path, headers, ...json }, { timeoutMs: 5_000 });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}

async function statusOf(replica: ReplicaProcess): Promise<{ role: string; term: number } | undefined> {
  try {
    const call = { method: 'GET', origin: replica.url, path: '/v1/replica', headers: {} } as const;
    return jsonOf(await sendCall(call, { timeoutMs: 1_000 })) as { role: string; term: number } | undefined;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

function shuffled(draw: Draw): Fault[] {
  const rest: Fault[] = [...FAULTS];
  const order: Fault[] = [];
  while (rest.length > 0) order.push(...rest.splice(draw.below(rest.length), 1));
  return order;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Woken early: the caller looks at the signal.
  }
}
