/** When this replica tells all others what it has: on a timer with jitter, at once when asked to, never too often. */
import { LIMITS } from '../base/limits.js';

export class DigestSchedule {
  readonly #random: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #requestedMs = Number.NEGATIVE_INFINITY;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the timer has run out; starts it again if so. The jitter of a quarter keeps replicas out of step. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#restart(nowMs);
    return true;
  }

  /** A digest goes out now for another reason: the timer starts again. */
  sent(nowMs: number): void {
    this.#requestedMs = nowMs;
    this.#restart(nowMs);
  }

  /** Whether all may be asked for their digests again. */
  mayRequest(nowMs: number): boolean {
    return nowMs - this.#requestedMs >= LIMITS.digestRequestIntervalMs;
  }

  #restart(nowMs: number): void {
    this.#nextMs = nowMs + LIMITS.digestIntervalMs * (0.75 + 0.5 * this.#random());
  }
}
