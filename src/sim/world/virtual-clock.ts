/**
 * The time of a simulated world: it stands still while anything happens and jumps from event to event. Between two events
 * every promise that could settle has settled, so a run depends on the order of its events and on nothing else.
 */
import { assert } from '../../base/assert.js';
import { MinHeap } from '../../base/min-heap.js';

interface Scheduled {
  readonly dueMs: number;
  readonly sequence: number;
  /** Undefined once cancelled. */
  task: (() => void) | undefined;
}

/** More events than this at one moment are taken for an endless loop. */
const EVENTS_PER_MOMENT_MAX = 200_000;

export class VirtualClock {
  readonly #queue = new MinHeap<Scheduled>(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence),
  );
  #nowMs = 0;
  #sequence = 0;
  #atThisMoment = 0;
  #events = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** Run `task` after `delayMs`, behind what is due at the same moment already. Returns its cancellation. */
  after(delayMs: number, task: () => void): () => void {
    const scheduled: Scheduled = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence, task };
    this.#sequence += 1;
    this.#queue.push(scheduled);
    return () => {
      scheduled.task = undefined;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Let time pass until `untilMs`. `afterEvent` is called when an event and all that settled because of it are over; time
   * stops where it returns true. What an event or `afterEvent` throws ends the run and rejects.
   */
  run(untilMs: number, afterEvent: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (afterEvent()) resolve();
          else if (this.#next(untilMs)) setImmediate(step);
          else resolve();
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(step);
    });
  }

  #next(untilMs: number): boolean {
    const queue = this.#queue;
    while (queue.peek() !== undefined && queue.peek()?.task === undefined) queue.pop();
    const next = queue.peek();
    if (next === undefined || next.dueMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    queue.pop();
    this.#advance(next.dueMs);
    const { task } = next;
    next.task = undefined;
    task?.();
    return true;
  }

  #advance(toMs: number): void {
    this.#events += 1;
    this.#atThisMoment = toMs === this.#nowMs ? this.#atThisMoment + 1 : 0;
    assert(this.#atThisMoment < EVENTS_PER_MOMENT_MAX, 'events follow each other and time does not pass', { toMs });
    this.#nowMs = toMs;
  }
}
