/** What must be true of all replicas when faults are over and nobody writes any more. */
import { LOG_ORIGIN } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import { readOrdered } from '../keyspace/ordered/state-keys.js';
import type { ReplicaStatus } from '../replica/handle.js';
import { activeTable, StoredTable } from '../replica/order/state-tables.js';
import type { Acknowledgements } from './clients/acknowledgements.js';
import type { MembershipOffice } from './faults/membership-office.js';
import { Ledger } from './watch/ledger.js';
import { UNIQUE_KEYS } from './watch/uniqueness.js';
import type { SimCluster } from './world/cluster.js';
import type { SimHost } from './world/host.js';

/** Why the replicas are not at rest and equal yet; undefined when they are. */
export function whyNotConverged(cluster: SimCluster, office: MembershipOffice): string | undefined {
  if (!office.isIdle) return 'a change of the membership has not come about';
  const hosts = cluster.hosts.filter((host) => office.isWanted(host));
  const statuses: ReplicaStatus[] = [];
  for (const { id, replica } of hosts) {
    if (replica === undefined) return `${id} is not up`;
    statuses.push(replica.status());
  }
  const [first] = statuses;
  if (first === undefined) return 'nobody is up';
  if (!statuses.some(({ role }) => role === 'leader')) return 'nobody leads';
  for (const status of statuses) {
    const why = whyNotAtRest(status, first);
    if (why !== undefined) return `${status.id} ${why}`;
  }
  return undefined;
}

/** What differs between replicas that are at rest; they may still be forgetting what all of them have. */
export function whyNotEqual(cluster: SimCluster, office: MembershipOffice): string | undefined {
  const [first, ...others] = cluster.hosts.filter((host) => office.isWanted(host));
  for (const host of others) {
    for (const view of ['causal', 'ordered'] as const) {
      if (first === undefined || textOf(first, view) === textOf(host, view)) continue;
      return `the ${view} view of ${host.id} differs from that of ${first.id}`;
    }
  }
  return undefined;
}

function textOf({ disk }: SimHost, view: 'causal' | 'ordered'): string {
  return disk.text(view === 'causal' ? 'keyspace' : activeTable(disk.reader));
}

function whyNotAtRest(status: ReplicaStatus, first: ReplicaStatus): string | undefined {
  if (status.catchingUp) return 'is catching up';
  if (status.buffered > 0) return `holds ${status.buffered} groups back`;
  if (!status.vector.equals(first.vector)) {
    return `has ${JSON.stringify(status.vector)} where ${first.id} has ${JSON.stringify(first.vector)}`;
  }
  if (status.leader !== first.leader) return `follows ${status.leader} and ${first.id} follows ${first.leader}`;
  if (status.term !== first.term) return `is in term ${status.term} and ${first.id} in ${first.term}`;
  if (status.appliedIndex !== first.logIndex) return `has applied ${status.appliedIndex} of ${first.logIndex} entries`;
  if (status.vector.get(LOG_ORIGIN) !== status.appliedIndex) return 'has not delivered all of the log';
  if (!status.stable.equals(status.vector)) return `knows ${JSON.stringify(status.stable)} to be everywhere`;
  return undefined;
}

/** Finds what is lost and what came back, once all are at rest and equal. */
export function checkConverged(cluster: SimCluster, office: MembershipOffice, acknowledged: Acknowledgements): void {
  const hosts = cluster.hosts.filter((host) => office.isWanted(host));
  const [first] = hosts;
  if (first === undefined) return;
  const vector = cluster.watch(first).vector;
  for (const host of hosts) {
    checkHeld(cluster, host, vector);
    checkUnique(cluster, host);
  }
  acknowledged.checkKept(vector, ({ origin }) => isGone(cluster, office, origin));
  cluster.ledger.checkWhenQuiet();
}

/** Whoever wrote under this name lost its disk or left: what it alone had is gone. */
function isGone(cluster: SimCluster, office: MembershipOffice, origin: string): boolean {
  const host = cluster.hosts.find(({ id }) => origin.startsWith(`${id}~`));
  if (host === undefined) return false;
  return !office.isWanted(host) || host.replica?.status().incarnation !== origin;
}

/** The unique constraint holds over what a replica would show at linearizable. */
function checkUnique({ uniqueness, nowMs }: SimCluster, { id, disk }: SimHost): void {
  const state = new StoredTable(disk.reader, activeTable(disk.reader));
  const shown = UNIQUE_KEYS.map((key) => ({ key, versions: readOrdered(state, key) }));
  uniqueness.shown(shown, nowMs, `${id}, at rest,`);
}

/** A replica holds exactly the writes that no other write had in its past. */
function checkHeld(cluster: SimCluster, host: SimHost, vector: VersionVector): void {
  const expected = cluster.ledger.survivors(vector);
  const held = Ledger.held(host.disk);
  for (const key of new Set([...expected.keys(), ...held.keys()])) {
    if (expected.get(key) === held.get(key)) continue;
    const sentence = `${host.id} holds ${held.get(key) ?? 'nothing'} of ${key}; ${expected.get(key) ?? 'nothing'} is left of what was written`;
    cluster.fail('what-is-left-was-not-superseded', sentence);
  }
}
