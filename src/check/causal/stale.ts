/**
 * The bad patterns WriteCOInitRead and WriteCORead: a read is stale if a write that overwrote what it was shown, with that
 * in its own past, was already in the past of the read (A. Bouajjani et al., "On verifying causal consistency", 2017,
 * section 5).
 */
import type { Reading } from './order.js';
import type { ReachBlock } from './reach.js';
import { NOTHING } from './sources.js';

export interface StaleRead {
  readonly reading: Reading;
  /** The write it was shown, or NOTHING. */
  readonly source: number;
  /** What had overwritten that. */
  readonly overwriter: number;
}

interface Open {
  readonly reading: Reading;
  /** Writers that are not refuted yet. */
  left: readonly number[];
  firstRefuted: StaleRead | undefined;
}

export class StaleReads {
  readonly #byKey = new Map<string, Open[]>();

  constructor(readings: readonly Reading[]) {
    for (const reading of readings) {
      const { key } = reading.shown;
      const open = { reading, left: reading.candidates, firstRefuted: undefined };
      const others = this.#byKey.get(key);
      if (others === undefined) this.#byKey.set(key, [open]);
      else others.push(open);
    }
  }

  /** To be called with every block. */
  look(block: ReachBlock): void {
    for (const key of block.keys()) {
      for (const open of this.#byKey.get(key) ?? []) {
        if (open.left.length > 0) open.left = open.left.filter((source) => !this.#isRefuted(block, open, source));
      }
    }
  }

  /** Reads that no writer explains, in order of invocation of their readers as they were given. */
  found(): readonly StaleRead[] {
    return this.#settled()
      .filter(({ reading }) => !reading.isOpen)
      .flatMap(({ firstRefuted }) => (firstRefuted === undefined ? [] : [firstRefuted]));
  }

  /** Reads that none of the writers explains which were tried, and there are others. */
  undecided(): number {
    return this.#settled().filter(({ reading }) => reading.isOpen).length;
  }

  #settled(): readonly Open[] {
    return [...this.#byKey.values()].flat().filter(({ left }) => left.length === 0);
  }

  #isRefuted(block: ReachBlock, open: Open, source: number): boolean {
    const { reading } = open;
    const overwriter = block.between(reading.shown.key, source === NOTHING ? undefined : source, reading.reader);
    if (overwriter === undefined) return false;
    open.firstRefuted ??= { reading, source, overwriter: overwriter.node };
    return true;
  }
}
