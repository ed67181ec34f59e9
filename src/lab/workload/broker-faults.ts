/** What can be done to the brokers of a lab and to the network between them, of which no replica is told. */
import { CausewayError } from '../../base/errors.js';
import type { Lab } from '../cluster.js';
import type { ReplicaProcess } from '../replica-process.js';
import type { LabNetwork } from '../sites/site.js';
import type { Draw } from './draw.js';
import { anotherThan, type Fault, type Grounds, othersOf, type Undo } from './fault.js';

const SLOW_MS = 60;

export const BROKER_FAULTS = {
  'kill a NATS server': { victim: 'anyone', isPossible: ownsBroker, strike: killBroker },
  'kill every NATS server': { victim: 'anyone', isPossible: hasNetwork, strike: killBrokers },
  'unplug one': { victim: 'anyone', isPossible: hasNetwork, strike: unplug },
  'unplug the leader': { victim: 'leader', isPossible: hasNetwork, strike: unplug },
  'mute the leader': { victim: 'leader', isPossible: hasNetwork, strike: mute },
  'deafen one': { victim: 'anyone', isPossible: hasNetwork, strike: deafen },
  'break one route': { victim: 'anyone', isPossible: hasNetwork, strike: breakRoute },
  'break the routes of the leader': { victim: 'leader', isPossible: hasNetwork, strike: breakRoutes },
  'slow routes': { victim: 'anyone', isPossible: canSlow, strike: slowRoutes },
} as const satisfies Readonly<Record<string, Fault>>;

function ownsBroker(lab: Grounds): boolean {
  return lab.nats.choice.kind !== 'external';
}

function hasNetwork(lab: Grounds): boolean {
  return lab.network !== undefined;
}

function canSlow(lab: Grounds): boolean {
  return lab.network?.slow !== undefined;
}

/** The victim's, or the one that all have in common. */
async function killBroker(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  await lab.nats.stop(victim.id);
  return () => lab.nats.start(victim.id);
}

async function killBrokers(lab: Lab): Promise<Undo> {
  await lab.nats.stop();
  return () => lab.nats.start();
}

async function unplug(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  const network = networkOf(lab);
  for (const other of othersOf(lab, victim)) {
    await network.cut(victim.id, other.id);
    await network.cut(other.id, victim.id);
  }
  return () => network.heal();
}

/** Nobody hears the victim, which hears everybody. */
async function mute(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  const network = networkOf(lab);
  for (const other of othersOf(lab, victim)) await network.cut(victim.id, other.id);
  return () => network.heal();
}

/** The victim hears nobody, and is heard. */
async function deafen(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  const network = networkOf(lab);
  for (const other of othersOf(lab, victim)) await network.cut(other.id, victim.id);
  return () => network.heal();
}

/** Two do not reach each other, and both reach everybody else. */
async function breakRoute(lab: Lab, victim: ReplicaProcess, draw: Draw): Promise<Undo> {
  const network = networkOf(lab);
  await network.sever(victim.id, anotherThan(lab, victim, draw).id);
  return () => network.heal();
}

async function breakRoutes(lab: Lab, victim: ReplicaProcess): Promise<Undo> {
  const network = networkOf(lab);
  for (const other of othersOf(lab, victim)) await network.sever(victim.id, other.id);
  return () => network.heal();
}

async function slowRoutes(lab: Lab): Promise<Undo> {
  const network = networkOf(lab);
  await network.slow?.(SLOW_MS);
  return () => network.heal();
}

function networkOf({ network }: Lab): LabNetwork {
  if (network === undefined) throw new CausewayError('invalid-config', 'all replicas of this lab share one broker');
  return network;
}
