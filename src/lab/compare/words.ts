/** Figures of a comparison for people: three significant digits, and the unit that fits. */

export function duration(ms: number): string {
  if (ms === 0) return '0';
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

export function percent(share: number): string {
  return share === 0 || share === 1 ? `${share * 100}%` : `${(share * 100).toFixed(1)}%`;
}
