/**
 * Percentiles by HDR histograms (G. Tene, HdrHistogram): whatever the range of the values, each is kept with three significant
 * digits, so that microseconds and minutes stand in one histogram. Times are recorded as whole microseconds.
 */
import { build } from 'hdr-histogram-js';

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** How many steps of a histogram make one of a value's units. */
const STEPS = { time: 1_000, versions: 1 } as const;

/** Percentiles are too great by a thousandth of themselves at most. */
const SIGNIFICANT_DIGITS = 3;

/**
 * By nearest rank: the smallest value that at least this share does not exceed, as the upper end of the histogram's step. Times
 * are ms; the greatest is exact. `undefined` of nothing.
 */
export function percentilesOf(values: readonly number[], of: keyof typeof STEPS = 'time'): Percentiles | undefined {
  const [p50, p90, p99, p999, max] = quantiles(values, [0.5, 0.9, 0.99, 0.999, 1], of);
  if (p50 === undefined || p90 === undefined || p99 === undefined || p999 === undefined || max === undefined)
    return undefined;
  return { count: values.length, p50, p90, p99, p999, max };
}

/** The values at some shares, 0 to 1; nothing of nothing. */
export function quantiles(
  values: readonly number[],
  shares: readonly number[],
  of: keyof typeof STEPS = 'time',
): readonly number[] {
  if (values.length === 0) return [];
  const histogram = build({ numberOfSignificantValueDigits: SIGNIFICANT_DIGITS });
  for (const value of values) histogram.recordValue(Math.round(value * STEPS[of]));
  // The upper end of the last step may lie above all that was recorded.
  return shares.map((share) => Math.min(histogram.getValueAtPercentile(share * 100), histogram.maxValue) / STEPS[of]);
}

/** To whole microseconds, if the values are ms. */
export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
