/** Figures of a comparison for people: three significant digits, and the unit that fits. */
import type { AnomalyFigures } from './results.js';

export function duration(ms: number): string {
  if (ms === 0) return '0';
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

export function percent(share: number): string {
  return share === 0 || share === 1 ? `${share * 100}%` : `${(share * 100).toFixed(1)}%`;
}

/** Such as `1 lost update`, `no lost updates`. */
export function counted(count: number, one: string, many: string): string {
  return `${count || 'no'} ${count === 1 ? one : many}`;
}

/** What went wrong with writes, in so many words as things went wrong. */
export function troublesOfWrites({ lostUpdates, duplicateClaims }: AnomalyFigures): string {
  const found: string[] = [];
  if (lostUpdates > 0) found.push(counted(lostUpdates, 'lost update', 'lost updates'));
  if (duplicateClaims > 0) found.push(counted(duplicateClaims, 'name given twice', 'names given twice'));
  return found.join(', ');
}
