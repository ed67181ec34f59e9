/** What can be done to a lab of real processes, and how it is undone. */
import type { Lab } from '../cluster.js';
import type { ReplicaProcess } from '../replica-process.js';
import { BROKER_FAULTS } from './broker-faults.js';
import { leaderOf, tell, tellAll } from './control.js';
import type { Draw } from './draw.js';
import { anotherThan, type Fault, type Grounds, othersOf, type Undo } from './fault.js';

/** Should the one who strikes die, the fault ends by itself. */
const TTL_MS = 60_000;
const SLOW_LINK = { delayMs: 20, jitterMs: 20, drop: 0.05, duplicate: 0.05, ttlMs: TTL_MS };
/** Far beyond what a clock may be ahead. */
const SKEW_MS = 3_600_000;

const nothing: Undo = async () => undefined;

export const FAULTS = {
  'cut one off': { victim: 'anyone', strike: cutOff },
  'cut the leader off': { victim: 'leader', strike: cutOff },
  'cut one way from the leader': { victim: 'leader', strike: cutOneWay },
  'slow one link': { victim: 'anyone', strike: slowOneWay },
  'slow and lossy links': { victim: 'anyone', strike: slowLinks },
  'hand leadership over': { victim: 'leader', strike: handOver },
  'kill one': { victim: 'anyone', strike: kill },
  'kill the leader': { victim: 'leader', strike: kill },
  'kill all': { victim: 'anyone', strike: killAll },
  'pause one': { victim: 'anyone', strike: freeze },
  'pause the leader': { victim: 'leader', strike: freeze },
  'skew a clock': { victim: 'anyone', strike: skewClock },
  ...BROKER_FAULTS,
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** All that can be done to this lab. */
export function faultsOf(lab: Grounds): readonly FaultName[] {
  const all: readonly (readonly [string, Fault])[] = Object.entries(FAULTS);
  return all.flatMap(([name, fault]) => (fault.isPossible?.(lab) === false ? [] : [name as FaultName]));
}

export interface Struck {
  readonly fault: FaultName;
  readonly replica: string;
  readonly undo: Undo;
}

export async function strike(lab: Lab, name: FaultName, draw: Draw): Promise<Struck> {
  const fault: Fault = FAULTS[name];
  const anyone = lab.replicas[draw.below(lab.replicas.length)] as ReplicaProcess;
  const victim = fault.victim === 'leader' ? ((await leaderOf(lab))?.replica ?? anyone) : anyone;
  return { fault: name, replica: victim.id, undo: await fault.strike(lab, victim, draw) };
}

async function cutOff(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  const groups = [[victim.id], othersOf(lab, victim).map(({ id }) => id)];
  await tellAll(lab, 'PUT', '/v1/faults/partitions/nemesis', { groups, ttlMs: TTL_MS });
  return () => tellAll(lab, 'DELETE', '/v1/faults');
}

/** What the victim says to one other is lost, what it is told arrives. */
function cutOneWay(lab: Lab, victim: ReplicaProcess, draw: Draw): Promise<Undo> {
  return disturbOneWay(lab, victim, draw, { drop: 1, ttlMs: TTL_MS });
}

/** One replica learns late from the victim itself what a majority has. */
function slowOneWay(lab: Lab, victim: ReplicaProcess, draw: Draw): Promise<Undo> {
  return disturbOneWay(lab, victim, draw, { delayMs: 400, jitterMs: 100, ttlMs: TTL_MS });
}

async function disturbOneWay(lab: Lab, victim: ReplicaProcess, draw: Draw, link: object): Promise<Undo> {
  const other = anotherThan(lab, victim, draw);
  await tellAll(lab, 'PUT', `/v1/faults/links/${victim.id}/${other.id}`, link);
  return () => tellAll(lab, 'DELETE', '/v1/faults');
}

async function slowLinks(lab: Lab): Promise<Undo> {
  const links = lab.replicas.flatMap((from) => othersOf(lab, from).map((to) => `/v1/faults/links/${from.id}/${to.id}`));
  await Promise.all(links.map((path) => tellAll(lab, 'PUT', path, SLOW_LINK)));
  return () => tellAll(lab, 'DELETE', '/v1/faults');
}

async function handOver(lab: Lab, victim: ReplicaProcess, draw: Draw): Promise<Undo> {
  const heir = anotherThan(lab, victim, draw);
  await tell(victim, 'POST', `/v1/members/${heir.id}/lead`);
  return nothing;
}

async function kill(_lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  await victim.kill();
  return () => victim.start();
}

async function killAll(lab: Lab): Promise<Undo> {
  const all = [...lab.replicas];
  await Promise.all(all.map((replica) => replica.kill()));
  return async () => void (await Promise.all(all.map((replica) => replica.start())));
}

async function freeze(_lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  victim.pause();
  return async () => victim.resume();
}

async function skewClock(lab: Lab, victim: ReplicaProcess, draw: Draw): Promise<Undo> {
  await tell(victim, 'PUT', '/v1/faults/clock', { skewMs: draw.one([-SKEW_MS, SKEW_MS]), ttlMs: TTL_MS });
  return () => tellAll(lab, 'DELETE', '/v1/faults');
}
