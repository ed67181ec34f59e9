/**
 * The configurations a log holds. The newest one counts from the moment it is in the log, committed or not; if its entry
 * is truncated, the one before it counts again.
 */
import { assert } from '../base/assert.js';
import type { Configuration } from './configuration.js';

export interface PlacedConfiguration {
  /** Log index of its entry, or of the snapshot that carried it. */
  readonly index: number;
  readonly configuration: Configuration;
}

export class ConfigurationHistory {
  /** Oldest first, never empty; only the first may lie at or below the snapshot. */
  #placed: PlacedConfiguration[];

  constructor(base: PlacedConfiguration) {
    this.#placed = [base];
  }

  get latest(): PlacedConfiguration {
    return this.#placed.at(-1) as PlacedConfiguration;
  }

  /** The one in force at `index`. */
  at(index: number): PlacedConfiguration {
    const found = this.#placed.findLast((placed) => placed.index <= index);
    assert(found !== undefined, 'a configuration is asked for that is forgotten', { index });
    return found;
  }

  append(placed: PlacedConfiguration): void {
    const { index } = this.latest;
    assert(placed.index > index, 'configurations run backwards', { last: index, next: placed.index });
    this.#placed.push(placed);
  }

  /** Forget those at `from` and later: their entries are gone. */
  truncate(from: number): void {
    while (this.#placed.length > 1 && this.latest.index >= from) this.#placed.pop();
  }

  /** A snapshot replaced the log. */
  reset(base: PlacedConfiguration): void {
    this.#placed = [base];
  }

  /** The log now begins behind `index`. */
  compact(index: number): void {
    if (index <= (this.#placed[0]?.index ?? 0)) return;
    const base = this.at(index);
    this.#placed = this.#placed.slice(this.#placed.indexOf(base));
  }
}
