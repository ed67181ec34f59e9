/** Deleted keys, remembered until their tombstones are stable and can go. What overflows is found by the slow sweep. */
import type { Dot } from '../../clocks/dot.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { GroupBody } from '../../keyspace/group-body.js';

const REMEMBERED_MAX = 100_000;
/** Bounds what one transaction forgets. */
const TAKEN_MAX = 2_000;

export class TombstoneQueue {
  readonly #queue: { readonly dot: Dot; readonly key: string }[] = [];
  readonly #onDeleted: ((key: string) => void) | undefined;

  constructor(onDeleted?: (key: string) => void) {
    this.#onDeleted = onDeleted;
  }

  note(group: { readonly dot: Dot }, body: GroupBody): void {
    for (const op of body.ops) {
      if (op.kind !== 'delete') continue;
      this.#onDeleted?.(op.key);
      if (this.#queue.length < REMEMBERED_MAX) this.#queue.push({ dot: group.dot, key: op.key });
    }
  }

  /** Keys of tombstones covered by `stable`, oldest first, up to the first that is not. */
  take(stable: VersionVector): string[] {
    let taken = 0;
    while (taken < TAKEN_MAX && taken < this.#queue.length && stable.covers((this.#queue[taken] as { dot: Dot }).dot)) {
      taken += 1;
    }
    return this.#queue.splice(0, taken).map((entry) => entry.key);
  }
}
