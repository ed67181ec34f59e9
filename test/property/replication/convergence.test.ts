/**
 * Random schedules over two to four planes: loss, duplication, reordering, delay, crashes, lost disks, partitions. What
 * must hold at every step is checked by the cluster itself; here is what must hold after everything has healed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type PlaneCounter, type PlaneCounters, zeroCounters } from '../../../src/replication/plane-counters.js';
import { dotsOf, type PlaneCluster } from '../../support/plane-cluster.js';
import {
  expectDelivered,
  expectForgotten,
  expectSameEverywhere,
  ScheduledRun,
  type Step,
} from '../../support/plane-schedule.js';

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

/** What all runs of one test came to: schedules in which nothing was lost, doubled or fetched would prove nothing. */
function tally(): { readonly add: (run: ScheduledRun) => void; readonly counts: PlaneCounters } {
  const counts = zeroCounters();
  const names = Object.keys(counts) as PlaneCounter[];
  const add = ({ cluster }: ScheduledRun): void => {
    for (const { plane } of cluster.replicas) for (const name of names) counts[name] += plane.counters[name];
  };
  return { add, counts };
}

/** More schedules than the suite has time for: `RUNS=20 npx vitest run test/property/replication`. */
const TIMES = Number(process.env['RUNS'] ?? 1);

/** Any number of replicas up to `size`, and any schedule; then heal, converge, and look. */
function check(size: number, runs: number, wipes: boolean, look: (cluster: PlaneCluster) => void): PlaneCounters {
  const { add, counts } = tally();
  const property = fc.property(fc.integer({ min: 2, max: size }), fc.nat(), steps(wipes), (members, seed, schedule) => {
    const run = new ScheduledRun(members, seed);
    for (const step of schedule) run.step(step);
    run.finish();
    look(run.cluster);
    add(run);
  });
  fc.assert(property, { numRuns: Math.ceil(runs * TIMES) });
  return counts;
}

describe('any schedule of faults', () => {
  it('ends with the same groups and the same state everywhere, as naive delivery of all of them gives', () => {
    const counts = check(4, 150, false, (cluster) => {
      expectDelivered(cluster, new Set(cluster.groups.keys()));
      expectSameEverywhere(cluster);
    });
    expect(Math.min(counts.delivered, counts.duplicates, counts.fetches)).toBeGreaterThan(0);
  });

  it('ends with the same state everywhere after everything stable was forgotten', () => {
    check(3, 100, false, expectForgotten);
  });

  it('and of lost disks ends with the same state everywhere, of which every surviving group is a part', () => {
    const counts = check(4, 150, true, (cluster) => {
      expectDelivered(cluster, dotsOf(cluster.replicas[0]?.plane.durable ?? VersionVector.EMPTY));
      expectSameEverywhere(cluster);
      expectForgotten(cluster);
    });
    expect(counts.snapshotsInstalled).toBeGreaterThan(0);
  });
});
