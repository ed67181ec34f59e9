/** The ordered view and the causal view are made of the same writes, and end in the same place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { readOrdered } from '../../../src/keyspace/ordered/state-keys.js';
import { arbitrate, supersedes } from '../../../src/keyspace/version.js';
import { KEYS, REPLICAS, type ScheduleStep, type StepKind, TwoViews } from '../../support/two-views.js';

/** Much is under way at once. */
const busy: readonly StepKind[] = [
  ...([
    'write',
    'write',
    'delete',
    'deliver',
    'deliver',
    'deliver',
    'deliver',
    'propose',
    'propose',
    'propose',
  ] as const),
  ...(['append', 'append', 'append', 'apply', 'apply', 'apply', 'apply', 'foreign', 'lose', 'repeat'] as const),
];
/** Much is deleted and forgotten, here sooner than there. */
const forgetful: readonly StepKind[] = [
  ...(['write', 'delete', 'delete', 'deliver', 'propose', 'append', 'append', 'append', 'apply', 'apply'] as const),
  ...(['calm', 'forget', 'retire', 'sweep', 'sweep'] as const),
];

function schedulesOf(kinds: readonly StepKind[]): fc.Arbitrary<ScheduleStep[]> {
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(REPLICAS - 1),
    pick: fc.nat(1_000),
    other: fc.nat(1_000),
  });
  return fc.array(step, { minLength: 20, maxLength: 160, size: 'max' });
}

const schedules = fc.oneof(schedulesOf(busy), schedulesOf(forgetful));

describe('after any schedule of weaker writes, proposals and forgetting, once all has arrived,', () => {
  it('all replicas are equal in both views, and both views show and keep the same versions of every key', () => {
    const seen = { adopted: 0, stale: 0, replayed: 0, forgotten: 0, swept: 0, refused: 0, siblings: 0 };
    fc.assert(
      fc.property(schedules, (schedule) => {
        const cluster = new TwoViews();
        for (const step of schedule) cluster.take(step);
        cluster.settle();
        const [first, ...others] = cluster.replicas;
        if (first === undefined) throw new Error('no replicas');
        for (const other of others) expect(other.ordered.dump()).toEqual(first.ordered.dump());
        for (const key of KEYS) {
          const { ordered, causal } = cluster.shown(first, key);
          expect(causal, `causal and ordered view of ${key}`).toEqual(ordered);
          for (const other of others) expect(cluster.shown(other, key)).toEqual({ ordered, causal });
        }
        for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += cluster.counts[name];
      }),
      { numRuns: 400 },
    );
    // A run in which none of this happened has shown nothing.
    for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(5);
  }, 60_000);
});

describe('at any moment', () => {
  it('the ordered view holds, winner first, only versions that know nothing of each other', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const cluster = new TwoViews();
        for (const step of schedule) {
          cluster.take(step);
          if (step.kind !== 'apply') continue;
          const replica = cluster.replicas[step.at % REPLICAS];
          for (const key of replica === undefined ? [] : KEYS) {
            const record = replica === undefined ? [] : readOrdered(replica.ordered, key);
            record.forEach((version, i) => {
              expect(record.some((other) => supersedes(other, version))).toBe(false);
              const next = record[i + 1];
              if (next !== undefined) expect(arbitrate(version, next)).toBeGreaterThan(0);
              // Whatever its clock says, a weaker write does not hide a linearizable one it has not seen.
              if (version.dot.origin === LOG_ORIGIN) expect(record[0]?.dot.origin).toBe(LOG_ORIGIN);
            });
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the log has one group for each of its entries, in order, and none depends on a later one', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const cluster = new TwoViews();
        for (const step of schedule) cluster.take(step);
        cluster.results.forEach(({ group, index }, i) => {
          expect([group.dot, index]).toEqual([{ origin: 'log', counter: i + 1 }, i + 1]);
          expect(group.deps.get(group.dot.origin)).toBeLessThan(index);
        });
      }),
      { numRuns: 100 },
    );
  });
});
