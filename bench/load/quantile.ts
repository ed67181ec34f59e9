/** Order statistics of small and large samples. */

/** The smallest value that at least `share` of `sorted` does not exceed (nearest rank); NaN of nothing. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median (the mean of the two in the middle, if there are two) and extremes; NaN of nothing. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const middle = [sorted[Math.floor(last / 2)], sorted[Math.ceil(last / 2)]];
  const [low = Number.NaN, high = Number.NaN] = middle;
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted[last] ?? Number.NaN };
}
