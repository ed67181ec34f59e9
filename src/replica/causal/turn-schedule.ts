/**
 * When the causal driver takes its next turn: at once if somebody waits for what it brings, or else a moment after the
 * last one. So a stream of groups that nobody waits for costs a transaction for each moment, not one for each message,
 * while the first group after a pause is not held up at all.
 */
import { LIMITS } from '../../base/limits.js';
import type { Time } from '../../ports/time.js';

export interface TurnScheduleOptions {
  readonly time: Time;
  /** No turn may be taken now: a transaction is under way, or the driver is closed. `resume` follows when that ends. */
  readonly isBusy: () => boolean;
  readonly turn: () => void;
}

export class TurnSchedule {
  readonly #options: TurnScheduleOptions;
  #wanted: 'no' | 'later' | 'soon' = 'no';
  #begunMs = Number.NEGATIVE_INFINITY;
  #imminent = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: TurnScheduleOptions) {
    this.#options = options;
  }

  /** Somebody waits for the next turn. */
  soon(): void {
    this.#wanted = 'soon';
    this.resume();
  }

  /** Take a turn in this one of the event loop, in which nothing else comes that it could take along. */
  now(): void {
    this.#wanted = 'soon';
    if (!this.#options.isBusy()) this.#options.turn();
  }

  /** There is something for the next turn that may wait for `LIMITS.gatherMs`. */
  later(): void {
    if (this.#wanted === 'no') this.#wanted = 'later';
    this.resume();
  }

  /** Turns may be taken again: those asked for meanwhile are due. */
  resume(): void {
    const { time, isBusy } = this.#options;
    if (this.#wanted === 'no' || this.#imminent || isBusy()) return;
    const waitMs = this.#wanted === 'soon' ? 0 : this.#begunMs + LIMITS.gatherMs - time.monotonicMs();
    if (waitMs <= 0) {
      this.#imminent = true;
      time.soon(() => {
        this.#imminent = false;
        if (!isBusy()) this.#options.turn();
      });
    } else {
      this.#cancelTimer ??= time.after(waitMs, () => {
        this.#cancelTimer = undefined;
        if (this.#wanted !== 'no') this.soon();
      });
    }
  }

  /** A turn is being taken, for everything that was asked for so far. */
  begun(): void {
    this.stop();
    this.#begunMs = this.#options.time.monotonicMs();
  }

  /** Nothing that was asked for is due any more. */
  stop(): void {
    this.#wanted = 'no';
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
