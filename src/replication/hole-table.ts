/**
 * Since when a hole in an origin's stream has been known, and so how much of it may be fetched by now. What was seen to
 * be missing a moment ago is due; what was announced since may still be on its way; and the rest of what was asked for
 * once is due at once, so that catching up takes no longer than its round trips.
 */
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';

interface Hole {
  /** The lowest absent counter. */
  first: number;
  sinceMs: number;
  /** What the peers had when the hole was noticed, and what they have now. */
  noticed: number;
  known: number;
  /** The highest counter that was asked for before. */
  asked: number;
}

export class HoleTable {
  readonly #holes = new Map<Origin, Hole>();

  /**
   * The counter up to which absent groups of `origin` may be fetched now; 0 = none. `first` is the lowest absent
   * counter, `known` the highest that peers have.
   */
  due(origin: Origin, first: number, known: number, nowMs: number): number {
    if (first > known) {
      this.#holes.delete(origin);
      return 0;
    }
    const hole = this.#holes.get(origin);
    if (hole?.first !== first) {
      const asked = hole?.asked ?? 0;
      this.#holes.set(origin, { first, sinceMs: nowMs, noticed: known, known, asked });
      return asked >= first ? Math.min(asked, known) : 0;
    }
    hole.known = known;
    const noticed = nowMs - hole.sinceMs >= LIMITS.gapRepairDelayMs ? hole.noticed : 0;
    const due = Math.min(known, Math.max(noticed, hole.asked));
    return due >= first ? due : 0;
  }

  /** Everything absent up to `through` is being fetched, or will be as soon as there is room; the rest is noticed. */
  asked(origin: Origin, through: number, nowMs: number): void {
    const hole = this.#holes.get(origin);
    if (hole === undefined) return;
    hole.asked = Math.max(hole.asked, through);
    if (hole.noticed > through) return;
    hole.sinceMs = nowMs;
    hole.noticed = hole.known;
  }

  get isEmpty(): boolean {
    return this.#holes.size === 0;
  }

  clear(): void {
    this.#holes.clear();
  }
}
