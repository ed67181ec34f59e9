/** The time port over Node's own clocks and timers. Timers keep the process alive: whoever sets one cancels it. */
import { performance } from 'node:perf_hooks';
import type { Time } from '../ports/time.js';
import { DeadlineWheel } from './deadline-wheel.js';

/** From here on a delay is somebody's patience, which nearly always is not needed and never exact. */
const PATIENCE_MIN_MS = 500;

export function createSystemTime(): Time {
  const deadlines = new DeadlineWheel();
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, task) {
      if (delayMs >= PATIENCE_MIN_MS) return deadlines.after(delayMs, task);
      // Node rounds a delay down; rounded up, the task is early by less than the millisecond its clock counts in.
      const timer = setTimeout(task, Math.ceil(delayMs));
      return () => clearTimeout(timer);
    },
    soon(task) {
      setImmediate(task);
    },
  };
}
