/** What the log has agreed to forget, and since which entry: it counts only once the causal view has come as far. */
import { LOG_ORIGIN } from '../../base/ids.js';
import type { StateReader } from '../../base/state-table.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { type Forgotten, readForgotten } from '../../keyspace/ordered/progress.js';
import { guardCorruption } from '../stored-state.js';

export class AgreedForgetting {
  /** Agreements that do not count yet, oldest first. */
  #waiting: Forgotten[] = [];
  #counting = VersionVector.EMPTY;

  constructor(state: StateReader) {
    this.restart(state);
  }

  /** Nothing is known but what `state` says last. */
  restart(state: StateReader): void {
    const last = guardCorruption('agreement on what is forgotten', () => readForgotten(state));
    this.#waiting = last.at === 0 ? [] : [last];
    this.#counting = VersionVector.EMPTY;
  }

  /** An entry was applied that forgets. */
  note(forgotten: Forgotten): void {
    this.#waiting.push(forgotten);
  }

  /**
   * What counts where `delivered` is. A replica that began later than the agreement may have the agreeing entry's group
   * before all that it forgets; there it waits for both.
   */
  by(delivered: VersionVector): VersionVector {
    while (this.#waiting.length > 0) {
      const { at, stable } = this.#waiting[0] as Forgotten;
      if (delivered.get(LOG_ORIGIN) < at || !delivered.includes(stable)) break;
      this.#counting = stable;
      this.#waiting.shift();
    }
    return this.#counting;
  }
}
