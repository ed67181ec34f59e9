/** Faults of a simulated cluster in one line each. Every replica is told, as the command line tells them. */
import type { LinkFault } from '../../src/replica/faults/fault-control.js';
import type { SimulatedCluster } from './simulated-cluster.js';

const TTL_MS = 60 * 60 * 1000;

/** Cut the cluster into groups of replica indices. */
export function partition(cluster: SimulatedCluster, ...groups: readonly (readonly number[])[]): void {
  const ids = groups.map((group) => group.map((index) => cluster.node(index).id));
  for (const { replica } of cluster.nodes) {
    replica?.faults?.put({ kind: 'partition', name: 'cut', groups: ids, ttlMs: TTL_MS });
  }
}

/** A fault on the link between two replicas, given by index, in one direction. */
export function link(cluster: SimulatedCluster, from: number, to: number, fault: Partial<LinkFault>): void {
  const ends = { from: cluster.node(from).id, to: cluster.node(to).id };
  const calm = { drop: 0, delayMs: 0, jitterMs: 0, duplicate: 0, ttlMs: TTL_MS };
  for (const { replica } of cluster.nodes) replica?.faults?.put({ kind: 'link', ...calm, ...fault, ...ends });
}

/** All links lose, delay, reorder and double. */
export function chaos(cluster: SimulatedCluster, fault: Partial<LinkFault>): void {
  for (const from of cluster.nodes.keys()) {
    for (const to of cluster.nodes.keys()) if (from !== to) link(cluster, from, to, fault);
  }
}

export function heal(cluster: SimulatedCluster): void {
  for (const { replica } of cluster.nodes) replica?.faults?.clear();
}
