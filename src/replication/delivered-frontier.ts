/**
 * How far each origin has been delivered, kept as counters that are cheap to raise. It trusts nobody: every group is
 * checked against its own past here once more, whatever path it came by.
 */
import { assert } from '../base/assert.js';
import type { Origin } from '../base/ids.js';
import { formatDot } from '../clocks/dot.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { WriteGroup } from './write-group.js';

export class DeliveredFrontier {
  readonly #counters: Map<Origin, number>;
  #group: WriteGroup | undefined;

  constructor(vector: VersionVector) {
    this.#counters = new Map(vector.entries());
  }

  get(origin: Origin): number {
    return this.#counters.get(origin) ?? 0;
  }

  /** @throws InvariantError if the group's predecessor or one of its causes was not delivered. */
  deliver(group: WriteGroup): void {
    this.#group = group;
    group.deps.forEach(this.#assertDelivered);
    this.succeed(group);
  }

  /**
   * Deliver a group whose causes are not checked: while a snapshot is being installed, storage already shows versions
   * from ahead of this frontier, and a local write over one of them rightly depends on it.
   * @throws InvariantError if the counter is not the next one.
   */
  succeed(group: WriteGroup): void {
    const { origin, counter } = group.dot;
    const delivered = this.get(origin);
    assert(counter === delivered + 1, 'delivery skips or repeats a counter', { origin, counter, delivered });
    this.#counters.set(origin, counter);
  }

  /** Everything up to `vector` is here. */
  raise(vector: VersionVector): void {
    for (const [origin, counter] of vector.entries()) {
      if (counter > this.get(origin)) this.#counters.set(origin, counter);
    }
  }

  vector(): VersionVector {
    return VersionVector.of(this.#counters);
  }

  readonly #assertDelivered = (origin: Origin, counter: number): void => {
    const delivered = this.get(origin);
    if (counter <= delivered) return;
    const group = this.#group === undefined ? '' : formatDot(this.#group.dot);
    assert(false, 'effect before its cause', { group, origin, counter, delivered });
  };
}
