/** Percentiles, popularity and assertions: what a comparison counts with. */
import { describe, expect, it } from 'vitest';
import { evaluate, parseAssertion } from '../../../../src/lab/compare/assertion.js';
import { percentilesOf, quantiles } from '../../../../src/lab/compare/percentiles.js';
import { Popularity } from '../../../../src/lab/compare/popularity.js';
import type { Cell } from '../../../../src/lab/compare/results.js';
import { troublesOfWrites } from '../../../../src/lab/compare/words.js';
import { Draw } from '../../../../src/lab/workload/draw.js';

describe('percentiles', () => {
  /** The precision of the histogram: never below the value, and above it by a thousandth at most. */
  const near = (value: number, exact: number): boolean => value >= exact && value <= exact * 1.001;

  it('are values that were measured, by nearest rank, with three significant digits', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
    const { count, p50, p90, p99, p999, max } = percentilesOf(values) ?? raise();
    expect([count, max]).toEqual([1_000, 1_000]);
    for (const [found, exact] of [
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [p999, 999],
    ] as const)
      expect(found).toSatisfy((value: number) => near(value, exact));
  });

  it('tell microseconds from minutes in one histogram', () => {
    const values = [0, 0.001, 0.017, 1.5, 300, 600_000];
    const found = quantiles(
      values,
      values.map((_, i) => (i + 1) / values.length),
    );
    expect(found.slice(0, 3)).toEqual([0, 0.001, 0.017]);
    values.forEach((exact, i) => {
      expect(found[i]).toSatisfy((value: number) => near(value, exact));
    });
  });

  it('of counts are counts', () => {
    expect(percentilesOf([7, 3, 0], 'versions')).toEqual({ count: 3, p50: 3, p90: 7, p99: 7, p999: 7, max: 7 });
  });

  it('of one value are that value', () => {
    expect(percentilesOf([12.345])).toMatchObject({ p50: 12.345, p999: 12.345, max: 12.345 });
  });

  it('of nothing are none', () => {
    expect(percentilesOf([])).toBeUndefined();
    expect(quantiles([], [0.5])).toEqual([]);
  });
});

function raise(): never {
  throw new RangeError('no percentiles');
}

describe('popularity', () => {
  const share = (distribution: 'zipf' | 'uniform', key: number): number => {
    const [popularity, draw] = [new Popularity(10, distribution), new Draw(7)];
    const drawn = Array.from({ length: 20_000 }, () => popularity.next(draw));
    return drawn.filter((each) => each === key).length / drawn.length;
  };

  it('of zipf falls with the rank', () => {
    const sum = Array.from({ length: 10 }, (_, i) => (i + 1) ** -0.99).reduce((a, b) => a + b);
    for (const key of [0, 1, 9]) expect(share('zipf', key)).toBeCloseTo((key + 1) ** -0.99 / sum, 1.7);
    expect(share('zipf', 0)).toBeGreaterThan(2.5 * share('zipf', 3));
  });

  it('of uniform does not', () => {
    for (const key of [0, 4, 9]) expect(share('uniform', key)).toBeCloseTo(0.1, 1.7);
  });
});

describe('an assertion', () => {
  const latencyMs = { count: 10, p50: 1, p90: 2, p99: 4.9, p999: 6, max: 7 };
  const requests = { ok: 10, refused: 2, unknown: 0, okPerSecond: 5, latencyMs };
  const cell = (phase: string, side: string, more: Partial<Cell> = {}): Cell => ({
    level: 'causal',
    phase,
    side,
    replicas: ['r1'],
    read: requests,
    write: { ...requests, ok: 0, latencyMs: null },
    staleness: { reads: 10, stale: 1, ms: { ...latencyMs, max: 30 }, versions: null },
    anomalies: { staleReads: 1, causalViolations: 0, lostUpdates: 3, duplicateClaims: 0 },
    readsWithConflicts: 0,
    ...more,
  });
  const cells = [cell('healthy', 'all'), cell('leader cut off', 'minority'), cell('leader cut off', 'majority')];
  const check = (text: string) => evaluate(parseAssertion(text), cells);

  it.each([
    ['causal.read.p99<5ms', true, 4.9],
    ['causal.read.p99 < 4900us', false, 4.9],
    ['causal.read.p99.9<=0.006s', true, 6],
    ['causal.read.refused=2', true, 2],
    ['causal.staleness.max>=30ms', true, 30],
    ['causal.lostUpdates=0', false, 3],
    ['causal@leader-cut-off/minority.read.ok>9', true, 10],
    ['causal@leader-cut-off.read.okPerSecond>5', false, 5],
    ['causal@healthy.write.p50<1s', false, null],
    ['linearizable.read.ok>0', false, null],
    ['causal@nowhere.read.ok>0', false, null],
  ])('%s', (text, holds, measured) => {
    expect(check(text)).toEqual({ text, holds, measured });
  });

  it('has to hold on every side', () => {
    const uneven = [cell('healthy', 'all', { read: { ...requests, ok: 1 } }), cell('healthy', 'others')];
    expect(evaluate(parseAssertion('causal.read.ok>5'), uneven)).toMatchObject({ holds: false, measured: 1 });
  });

  it.each(['causal.read.p99<5', 'causal.read.ok>5ms', 'strong.read.p99<5ms', 'causal.read.p42<5ms', 'causal', ''])(
    'is refused as %j',
    (text) => {
      expect(() => parseAssertion(text)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    },
  );
});

describe('what went wrong with writes', () => {
  it.each([
    [0, 0, ''],
    [1, 0, '1 lost update'],
    [0, 1, '1 name given twice'],
    [2, 10, '2 lost updates, 10 names given twice'],
  ])('is told in words: %i and %i', (lostUpdates, duplicateClaims, words) => {
    expect(troublesOfWrites({ staleReads: 0, causalViolations: 0, lostUpdates, duplicateClaims })).toBe(words);
  });
});
