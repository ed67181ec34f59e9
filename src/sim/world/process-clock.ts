/**
 * Time as one process has it. Its clocks run at their own rate and the wall clock jumps; while the process is paused nothing
 * of it runs, and when it goes on, what came due meanwhile runs late, in order. Once dead it does nothing any more.
 */
import type { Time } from '../../ports/time.js';
import type { VirtualClock } from './virtual-clock.js';

/** How wrong the clocks of a machine are. They outlive its processes. */
export interface ClockError {
  /** Of the wall clock, in milliseconds. */
  offsetMs: number;
  /** Both clocks run faster by this, in parts per million. */
  driftPpm: number;
}

const WALL_START_MS = Date.UTC(2026, 0, 1);
/** A timer never fires before its time, however the sums are rounded. */
const ROUNDING_MS = 1e-6;

export class ProcessClock implements Time {
  readonly #clock: VirtualClock;
  readonly #error: ClockError;
  readonly #onError: (error: unknown) => void;
  readonly #driftPpm: number;
  readonly #startedMs: number;
  #backlog: (() => void)[] | undefined;
  #isAlive = true;

  /** @param onError Told what a task throws: a process ends by that. */
  constructor(clock: VirtualClock, error: ClockError, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#error = error;
    this.#onError = onError;
    this.#driftPpm = error.driftPpm;
    this.#startedMs = clock.nowMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#backlog !== undefined;
  }

  wallMs(): number {
    const { offsetMs, driftPpm } = this.#error;
    return Math.floor(WALL_START_MS + this.#clock.nowMs * (1 + driftPpm / 1e6) + offsetMs);
  }

  monotonicMs(): number {
    return (this.#clock.nowMs - this.#startedMs) * this.#rate;
  }

  after(delayMs: number, task: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#clock.after(Math.max(0, delayMs) / this.#rate + ROUNDING_MS, () => {
      this.run(() => {
        if (!isCancelled) task();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  soon(task: () => void): void {
    this.#clock.after(0, () => this.run(task));
  }

  /** Something reaches the process: now, or when it goes on. */
  run(task: () => void): void {
    if (!this.#isAlive) return;
    if (this.#backlog !== undefined) {
      this.#backlog.push(task);
      return;
    }
    try {
      task();
    } catch (error) {
      this.#onError(error);
    }
  }

  pause(): void {
    if (this.#isAlive) this.#backlog ??= [];
  }

  /** What has waited runs one by one, each in an event of its own. */
  resume(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const task of backlog) this.#clock.after(0, () => this.run(task));
  }

  kill(): void {
    this.#isAlive = false;
    this.#backlog = undefined;
  }

  get #rate(): number {
    return 1 + this.#driftPpm / 1e6;
  }
}
