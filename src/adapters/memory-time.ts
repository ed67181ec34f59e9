/**
 * The time port as a virtual clock that stands still until it is told to move. Deterministic: the same calls run the
 * same tasks in the same order, however fast the machine is.
 */
import { assert } from '../base/assert.js';
import type { Time } from '../ports/time.js';
import { type Timer, TimerQueue } from './timer-queue.js';

export interface MemoryTime extends Time {
  /**
   * Move both clocks forward by `ms`. Tasks due on the way run in the order of their moments, each seeing the clock
   * at its own moment; tasks given to `soon` run before any timer of the same moment. `advance(0)` runs what is due.
   * @throws InvariantError when tasks keep each other busy at one moment for ever.
   */
  advance(ms: number): void;
  /** Let the wall clock jump, either way; the monotonic clock and timers do not notice. */
  setWallMs(wallMs: number): void;
  /** The moment of the next task by the monotonic clock, or `undefined` when nothing waits. */
  nextDueMs(): number | undefined;
}

export interface MemoryTimeOptions {
  /** Where the wall clock starts; 2026-01-01T00:00:00Z unless told. */
  readonly wallMs?: number;
}

const DEFAULT_WALL_MS = Date.UTC(2026, 0, 1);
/** More tasks than this at one moment are taken for an endless loop. */
const TASKS_PER_MOMENT_MAX = 1_000_000;

export function createMemoryTime(options: MemoryTimeOptions = {}): MemoryTime {
  const timers = new TimerQueue();
  let nowMs = 0;
  let wallOffsetMs = options.wallMs ?? DEFAULT_WALL_MS;
  let sequence = 0;
  let soonTasks: (() => void)[] = [];

  function nextTimer(): Timer | undefined {
    while (timers.peek() !== undefined && timers.peek()?.task === undefined) timers.pop();
    return timers.peek();
  }

  function runSoon(): number {
    const tasks = soonTasks;
    soonTasks = [];
    for (const task of tasks) task();
    return tasks.length;
  }

  function runTimer(timer: Timer): void {
    timers.pop();
    const task = timer.task;
    timer.task = undefined;
    task?.();
  }

  /** Everything due at this moment, including what the tasks themselves add to it. */
  function runMoment(): void {
    let ran = 0;
    for (;;) {
      assert(ran < TASKS_PER_MOMENT_MAX, 'tasks keep each other busy at one moment', { nowMs, ran });
      const timer = nextTimer();
      if (soonTasks.length > 0) ran += runSoon();
      else if (timer !== undefined && timer.dueMs <= nowMs) {
        runTimer(timer);
        ran += 1;
      } else return;
    }
  }

  return {
    wallMs: () => Math.floor(nowMs + wallOffsetMs),
    monotonicMs: () => nowMs,
    after(delayMs, task) {
      const timer: Timer = { dueMs: nowMs + Math.max(0, delayMs), sequence, task };
      sequence += 1;
      timers.push(timer);
      return () => {
        timer.task = undefined;
      };
    },
    soon(task) {
      soonTasks.push(task);
    },
    advance(ms) {
      assert(ms >= 0, 'virtual time never goes back', { ms });
      const endMs = nowMs + ms;
      runMoment();
      for (let timer = nextTimer(); timer !== undefined && timer.dueMs <= endMs; timer = nextTimer()) {
        nowMs = timer.dueMs;
        runMoment();
      }
      nowMs = endMs;
    },
    setWallMs(wallMs) {
      wallOffsetMs = wallMs - nowMs;
    },
    nextDueMs: () => (soonTasks.length > 0 ? nowMs : nextTimer()?.dueMs),
  };
}
