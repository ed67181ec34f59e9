/**
 * Random schedules over two to four planes: loss, duplication, reordering, delay, crashes, lost disks, partitions. What
 * must hold at every step is checked by the cluster itself; here is what must hold after everything has healed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliverByRescan, dotsOf, PlaneCluster } from '../../support/plane-cluster.js';
import { applyGroup, describeKeys, type Keys } from '../../support/plane-disk.js';
import type { PlaneReplica } from '../../support/plane-replica.js';

type Step =
  | { readonly kind: 'write'; readonly at: number; readonly keys: readonly string[]; readonly deletes: boolean }
  | { readonly kind: 'run'; readonly ms: number; readonly persistence: number }
  | { readonly kind: 'faults'; readonly loss: number; readonly duplication: number; readonly maxDelayMs: number }
  | { readonly kind: 'crash'; readonly at: number }
  | { readonly kind: 'gather'; readonly at: number }
  | { readonly kind: 'persist'; readonly at: number }
  | { readonly kind: 'partition'; readonly alone: number }
  | { readonly kind: 'wipe'; readonly at: number }
  | { readonly kind: 'heal' };

const at = fc.nat({ max: 3 });
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const writeStep = fc.record({
  kind: fc.constant('write' as const),
  at,
  keys: fc.uniqueArray(key, { minLength: 1, maxLength: 2 }),
  deletes: fc.boolean(),
});
const runStep = fc.record({
  kind: fc.constant('run' as const),
  ms: fc.constantFrom(20, 60, 200, 600, 1_500),
  persistence: fc.constantFrom(0.3, 0.8, 1),
});
const faultStep = fc.record({
  kind: fc.constant('faults' as const),
  loss: fc.constantFrom(0, 0.1, 0.5),
  duplication: fc.constantFrom(0, 0.3),
  maxDelayMs: fc.constantFrom(2, 50, 300),
});
const rareStep = fc.oneof(
  fc.record({ kind: fc.constant('crash' as const), at }),
  fc.record({ kind: fc.constant('gather' as const), at }),
  fc.record({ kind: fc.constant('persist' as const), at }),
  fc.record({ kind: fc.constant('partition' as const), alone: at }),
  fc.record({ kind: fc.constant('heal' as const) }),
);
const steps = (wipes: boolean): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { arbitrary: writeStep, weight: 8 },
      { arbitrary: runStep, weight: 5 },
      { arbitrary: faultStep, weight: 1 },
      { arbitrary: rareStep, weight: 2 },
      ...(wipes ? [{ arbitrary: fc.record({ kind: fc.constant('wipe' as const), at }), weight: 1 }] : []),
    ),
    { minLength: 5, maxLength: 60, size: 'max' },
  );

/** Longer than it takes to notice that an incarnation is gone, to fetch with timeouts, and to install twice. */
const CONVERGE_MS = 12_000;
/** Then stability is found, and what is stable forgotten. */
const FORGET_MS = 6_000;

class Run {
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

function expectSameEverywhere(cluster: PlaneCluster): void {
  const expected = stateByDefinition(cluster);
  for (const state of cluster.states()) expect(state).toEqual(expected);
}

/** More schedules than the suite has time for: `RUNS=20 npx vitest run test/property/replication`. */
const TIMES = Number(process.env['RUNS'] ?? 1);

describe('any schedule of faults', () => {
  it('ends with the same groups and the same state everywhere, as naive delivery of all of them gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(), steps(false), (size, seed, schedule) => {
        const run = new Run(size, seed);
        for (const step of schedule) run.step(step);
        run.finish();
        const { cluster } = run;
        for (const replica of cluster.replicas)
          expect(cluster.deliveredAt(replica)).toEqual(new Set(cluster.groups.keys()));
        expectSameEverywhere(cluster);
      }),
      { numRuns: 150 * TIMES },
    );
  });

  it('ends with the same state everywhere after everything stable was forgotten', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3 }), fc.nat(), steps(false), (size, seed, schedule) => {
        const run = new Run(size, seed);
        for (const step of schedule) run.step(step);
        run.finish();
        run.cluster.run(FORGET_MS);
        for (const { plane } of run.cluster.replicas) expect(plane.forgotten).toEqual(plane.durable);
        expectSameEverywhere(run.cluster);
      }),
      { numRuns: 100 * TIMES },
    );
  });

  it('and of lost disks ends with the same state everywhere, of which every surviving group is a part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(), steps(true), (size, seed, schedule) => {
        const run = new Run(size, seed);
        for (const step of schedule) run.step(step);
        run.finish();
        const { cluster } = run;
        const [first] = cluster.replicas;
        const dots = dotsOf(first?.plane.durable as never);
        for (const replica of cluster.replicas) expect(cluster.deliveredAt(replica)).toEqual(dots);
        expectSameEverywhere(cluster);
        cluster.run(FORGET_MS);
        expectSameEverywhere(cluster);
      }),
      { numRuns: 150 * TIMES },
    );
  });
});
