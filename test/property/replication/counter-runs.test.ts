/** Runs of counters against a plain set of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterRuns } from '../../../src/replication/counter-runs.js';

const LAST = 40;
const counter = fc.integer({ min: 1, max: LAST });
const step = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('add' as const), counter }), weight: 6 },
  { arbitrary: fc.record({ kind: fc.constant('remove' as const), counter }), weight: 1 },
);

function build(steps: readonly { kind: 'add' | 'remove'; counter: number }[]): { runs: CounterRuns; set: Set<number> } {
  const runs = new CounterRuns();
  let set = new Set<number>();
  for (const { kind, counter: n } of steps) {
    if (kind === 'add') {
      runs.add(n);
      set.add(n);
    } else {
      runs.removeThrough(n);
      set = new Set([...set].filter((other) => other > n));
    }
  }
  return { runs, set };
}

describe('runs of counters', () => {
  it('hold exactly what was added and not removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { runs, set } = build(steps);
        for (let n = 1; n <= LAST; n += 1) expect(runs.has(n)).toBe(set.has(n));
      }),
    );
  });

  it('are as few as can be', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { runs, set } = build(steps);
        expect(runs.runs).toBe([...set].filter((n) => !set.has(n - 1)).length);
      }),
    );
  });

  it('end where the first counter is missing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), counter, (steps, from) => {
        const { runs, set } = build(steps);
        let end = from - 1;
        while (set.has(end + 1)) end += 1;
        expect(runs.endFrom(from)).toBe(end);
      }),
    );
  });

  it('give the gaps between them, each counter that is missing in exactly one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(LAST), counter, (steps, after, through) => {
        const { runs, set } = build(steps);
        const listed = runs
          .gaps(after, through, LAST, 1)
          .flatMap(({ have, need }) => Array.from({ length: need - have }, (_, i) => have + 1 + i));
        const missing = Array.from({ length: LAST }, (_, i) => i + 1).filter(
          (n) => n > after && n <= through && !set.has(n),
        );
        expect(listed).toEqual(missing);
      }),
    );
  });

  it('give gaps that are near each other as one, which begins and ends with what is missing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (steps, bridge) => {
        const { runs, set } = build(steps);
        const gaps = runs.gaps(0, LAST, LAST, bridge);
        const inside = (n: number) => gaps.some(({ have, need }) => n > have && n <= need);
        for (let n = 1; n <= LAST; n += 1) if (!set.has(n)) expect(inside(n)).toBe(true);
        for (const { have, need } of gaps) {
          expect(set.has(have + 1)).toBe(false);
          expect(set.has(need)).toBe(false);
        }
        for (const [i, gap] of gaps.entries()) {
          const next = gaps[i + 1];
          if (next !== undefined) expect(next.have - gap.need).toBeGreaterThanOrEqual(bridge);
        }
      }),
    );
  });

  it('give no more gaps than asked for', () => {
    const { runs } = build([2, 4, 6, 8].map((n) => ({ kind: 'add', counter: n })));
    expect(runs.gaps(0, 9, 2, 1)).toEqual([
      { have: 0, need: 1 },
      { have: 2, need: 3 },
    ]);
  });
});
