/** Exact percentiles: a comparison is small enough to keep every value, so no bucket rounds them. */

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** By nearest rank: the smallest value that at least this share does not exceed. `undefined` of nothing. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number);
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** To whole microseconds, if the values are ms. */
export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The values at evenly spread shares, least first, for a curve. */
export function quantiles(values: readonly number[], shares: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return [];
  return shares.map((share) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number));
}
