/**
 * Timers of a virtual clock in the order they fall due, by `(dueMs, sequence)`, so that timers due at the same moment run
 * in the order they were set. Knows no clock.
 */
import { MinHeap } from '../base/min-heap.js';

export interface Timer {
  readonly dueMs: number;
  readonly sequence: number;
  /** `undefined` once cancelled; the entry stays in the heap until its moment comes. */
  task: (() => void) | undefined;
}

export class TimerQueue extends MinHeap<Timer> {
  constructor() {
    super((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence));
  }
}
