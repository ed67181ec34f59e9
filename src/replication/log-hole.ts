/**
 * Which groups of the log must be asked of peers, where our own log makes them too. Peers are ahead of us in the log all
 * the time and for a moment only, so what our log has not come to is left to it - unless it has stood still for so long
 * that it seems to be cut off where the causal plane is not.
 */
import { LIMITS } from '../base/limits.js';

export class LogHole {
  #through = 0;
  /** Since when peers are known to be ahead and our log has not moved. */
  #standsSinceMs: number | undefined;

  /** Our log has brought all of its groups up to `index` that it ever will. Less than before only after data was lost. */
  reached(index: number, nowMs: number): void {
    if (index === this.#through) return;
    this.#through = index;
    if (this.#standsSinceMs !== undefined) this.#standsSinceMs = nowMs;
  }

  /** Peers have nothing of the log that is absent here. */
  closed(): void {
    this.#standsSinceMs = undefined;
  }

  /** How far to fetch: `first` is the lowest absent index, and peers have the log up to `known`. 0 = nothing. */
  missing(first: number, known: number, nowMs: number): number {
    if (first > known) {
      this.closed();
      return 0;
    }
    this.#standsSinceMs ??= nowMs;
    if (nowMs - this.#standsSinceMs >= LIMITS.logGroupGraceMs) return known;
    return first <= this.#through ? Math.min(known, this.#through) : 0;
  }
}
