/**
 * How much of the past is kept. The operation log keeps what is above `floor`, and tombstones are kept until they are
 * inside `forgotten`. Both only grow, and only once the change is durable. What is stable may be forgotten - unless the
 * members agree on that in the total order, whose writes would otherwise meet views that have forgotten different things.
 */
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { InstallStep } from './plane-types.js';

export interface Trim {
  readonly floor: VersionVector;
  readonly forgotten: VersionVector;
}

export class Retention {
  #floor: VersionVector;
  #forgotten: VersionVector;
  /** What the total order has agreed to forget; undefined where there is none. */
  #agreed: VersionVector | undefined;
  #trimmedMs = Number.NEGATIVE_INFINITY;

  constructor(floor: VersionVector, forgotten: VersionVector, ordered = false) {
    this.#floor = floor;
    this.#forgotten = forgotten;
    this.#agreed = ordered ? forgotten : undefined;
  }

  /** The total order has agreed to forget `stable`. */
  agree(stable: VersionVector): void {
    this.#agreed = this.#agreed?.join(stable) ?? stable;
  }

  get floor(): VersionVector {
    return this.#floor;
  }

  get forgotten(): VersionVector {
    return this.#forgotten;
  }

  /** What to forget now, if it is worth a write to storage. */
  plan(stable: VersionVector, durable: VersionVector, nowMs: number): Trim | undefined {
    const agreed = this.#agreed ?? stable;
    const fresh = Math.max(countBetween(this.#forgotten, agreed), countBetween(this.#floor, stable));
    const isDue = fresh >= LIMITS.trimMinOperations || nowMs - this.#trimmedMs >= LIMITS.trimIntervalMs;
    const forgotten = fresh > 0 && isDue ? this.#forgotten.join(agreed) : this.#forgotten;
    const trimmed = fresh > 0 && isDue ? this.#floor.join(stable) : this.#floor;
    const floor = cutLongest(trimmed.join(forgotten), durable, LIMITS.operationLogMaxGroups);
    if (forgotten.equals(this.#forgotten) && floor.equals(this.#floor)) return undefined;
    this.#trimmedMs = nowMs;
    return { floor, forgotten };
  }

  /** What is below a snapshot never comes into our operation log, so the floor rises with the last page. */
  trimOf({ page, last }: InstallStep): Trim | undefined {
    if (!last) return undefined;
    return { floor: this.#floor.join(page.vector), forgotten: this.#forgotten.join(page.forgotten) };
  }

  /** The trim, or a snapshot that does the same, is durable. */
  commit(trim: Trim): void {
    this.#floor = this.#floor.join(trim.floor);
    this.#forgotten = this.#forgotten.join(trim.forgotten);
  }
}

/** Dots in `to` and not in `from`. */
export function countBetween(from: VersionVector, to: VersionVector): number {
  return from.missing(to).reduce((sum, { have, need }) => sum + need - have, 0);
}

/**
 * The floor that leaves at most `maxGroups` operations below `durable`: where that is exceeded the longest origins are
 * levelled down, an eighth further than they must, so that the next cut is not due at once.
 */
export function cutLongest(floor: VersionVector, durable: VersionVector, maxGroups: number): VersionVector {
  if (countBetween(floor, durable) <= maxGroups) return floor;
  const kept = floor.missing(durable).map(({ origin, have, need }) => ({ origin, need, length: need - have }));
  const level = levelFor(
    kept.map(({ length }) => length),
    Math.floor((maxGroups / 8) * 7),
  );
  const cut = kept
    .filter(({ length }) => length > level)
    .map(({ origin, need }): [Origin, number] => [origin, need - level]);
  return floor.join(VersionVector.of(cut));
}

/** The greatest level such that the lengths, each cut down to it, sum to at most `budget`. */
function levelFor(lengths: readonly number[], budget: number): number {
  let left = budget;
  const ascending = [...lengths].sort((a, b) => a - b);
  for (const [i, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (length > share) return share;
    left -= length;
  }
  return ascending[ascending.length - 1] ?? 0;
}
