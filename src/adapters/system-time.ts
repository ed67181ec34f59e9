/** The time port over Node's own clocks and timers. Timers keep the process alive: whoever sets one cancels it. */
import { performance } from 'node:perf_hooks';
import type { Time } from '../ports/time.js';

/** Node runs a longer timer at once instead of late; such a wait ends after this instead. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export function createSystemTime(): Time {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, task) {
      // Node rounds a delay down; rounded up, the task is early by less than the millisecond its clock counts in.
      const timer = setTimeout(task, Math.min(Math.ceil(delayMs), TIMER_MAX_MS));
      return () => clearTimeout(timer);
    },
    soon(task) {
      setImmediate(task);
    },
  };
}
