/**
 * Schedules of faults over a cluster of planes, as data: the random tests draw them, and those that once found something
 * are kept.
 */
import { expect } from 'vitest';
import { deliverByRescan, PlaneCluster } from './plane-cluster.js';
import { applyGroup, describeKeys, type Keys } from './plane-disk.js';
import type { PlaneReplica } from './plane-replica.js';

export type Step =
  | { readonly kind: 'write'; readonly at: number; readonly keys: readonly string[]; readonly deletes: boolean }
  | { readonly kind: 'run'; readonly ms: number; readonly persistence: number }
  | { readonly kind: 'faults'; readonly loss: number; readonly duplication: number; readonly maxDelayMs: number }
  | { readonly kind: 'crash'; readonly at: number }
  | { readonly kind: 'gather'; readonly at: number }
  | { readonly kind: 'persist'; readonly at: number }
  | { readonly kind: 'partition'; readonly alone: number }
  | { readonly kind: 'wipe'; readonly at: number }
  | { readonly kind: 'heal' };

/** Longer than it takes to notice that an incarnation is gone, to fetch with timeouts, and to install twice. */
const CONVERGE_MS = 12_000;
/** Then stability is found, and what is stable forgotten. */
const FORGET_MS = 6_000;

export class ScheduledRun {
  readonly cluster: PlaneCluster;
  #writes = 0;

  constructor(size: number, seed: number) {
    this.cluster = new PlaneCluster(size, seed);
    this.cluster.run(40);
  }

  step(step: Step): void {
    const { cluster } = this;
    if (step.kind === 'write') this.#write(this.#replica(step.at), step.keys, step.deletes);
    else if (step.kind === 'run') cluster.run(step.ms, step.persistence);
    else if (step.kind === 'faults') cluster.faults = step;
    else if (step.kind === 'heal') cluster.heal();
    else if (step.kind === 'partition') cluster.partition((replica) => Number(replica === this.#replica(step.alone)));
    else if (step.kind !== 'wipe' || this.#mayLoseDisk(step.at)) cluster[step.kind](this.#replica(step.at));
  }

  /** One disk at a time: the next is lost only when everybody else has come back from the last loss. */
  #mayLoseDisk(at: number): boolean {
    const lost = this.#replica(at);
    return this.cluster.replicas.every((other) => other === lost || (other.plane.joined && !other.plane.installing));
  }

  finish(): void {
    this.cluster.heal();
    this.cluster.converge(CONVERGE_MS);
  }

  #replica(index: number): PlaneReplica {
    return this.cluster.replicas[index % this.cluster.replicas.length] as PlaneReplica;
  }

  #write(replica: PlaneReplica, keys: readonly string[], deletes: boolean): void {
    const value = (n: number) => (deletes ? undefined : `v${n}`);
    this.#writes += 1;
    this.cluster.write(
      replica,
      keys.map((name) => ({ key: name, value: value(this.#writes) })),
    );
  }
}

/** The state by definition: every group inside the vector, delivered by rescanning, folded. */
function stateByDefinition(cluster: PlaneCluster): string[] {
  const vector = cluster.replicas[0]?.plane.durable;
  const groups = [...cluster.groups.values()].filter(({ dot }) => vector?.covers(dot));
  const keys: Keys = new Map();
  for (const group of deliverByRescan(groups)) applyGroup(keys, group);
  return describeKeys(keys);
}

export function expectSameEverywhere(cluster: PlaneCluster): void {
  const expected = stateByDefinition(cluster);
  for (const state of cluster.states()) expect(state).toEqual(expected);
}

export function expectDelivered(cluster: PlaneCluster, dots: ReadonlySet<string>): void {
  for (const replica of cluster.replicas) {
    expect(cluster.deliveredAt(replica)).toEqual(dots);
    expect(replica.waiting.size).toBe(0);
  }
}

/** Time passes; everything is stable, and all that is stable is forgotten. */
export function expectForgotten(cluster: PlaneCluster): void {
  cluster.run(FORGET_MS);
  for (const { plane } of cluster.replicas) expect(plane.forgotten).toEqual(plane.durable);
  expectSameEverywhere(cluster);
}
