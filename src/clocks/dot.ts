/** A dot names one write group: the counter-th of its origin. Counters start at 1 and have no gaps. */
import type { Origin } from '../base/ids.js';

export interface Dot {
  readonly origin: Origin;
  readonly counter: number;
}

export function equalDots(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.origin === b.origin;
}

/** `origin.counter`, for people, logs and entity tags. */
export function formatDot(dot: Dot): string {
  return `${dot.origin}.${dot.counter}`;
}
