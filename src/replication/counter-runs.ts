/**
 * A set of counters of one origin, kept as runs of consecutive ones: `1-4, 7-9`. What arrives in order, or exactly
 * reversed, is a single run however long it is; what is missing can be read off without looking at every counter.
 */

/** Counters `have + 1` to `need`, both inclusive. */
export interface CounterGap {
  readonly have: number;
  readonly need: number;
}

export class CounterRuns {
  /** Run number i is `#starts[i]` to `#ends[i]`; runs are ascending and never touch. Those below `#head` are spent. */
  #starts: number[] = [];
  #ends: number[] = [];
  #head = 0;

  get runs(): number {
    return this.#starts.length - this.#head;
  }

  has(counter: number): boolean {
    const at = this.#runAtOrAfter(counter);
    return at < this.#starts.length && (this.#starts[at] as number) <= counter;
  }

  /** Does nothing if `counter` is already in. */
  add(counter: number): void {
    const at = this.#runAtOrAfter(counter);
    const start = this.#starts[at];
    if (start !== undefined && start <= counter) return;
    const touchesLeft = at > this.#head && this.#ends[at - 1] === counter - 1;
    const touchesRight = start === counter + 1;
    if (touchesLeft && touchesRight) {
      this.#ends[at - 1] = this.#ends[at] as number;
      this.#starts.splice(at, 1);
      this.#ends.splice(at, 1);
    } else if (touchesLeft) {
      this.#ends[at - 1] = counter;
    } else if (touchesRight) {
      this.#starts[at] = counter;
    } else {
      this.#starts.splice(at, 0, counter);
      this.#ends.splice(at, 0, counter);
    }
  }

  /** Take out every counter up to and including `counter`. */
  removeThrough(counter: number): void {
    while (this.#head < this.#ends.length && (this.#ends[this.#head] as number) <= counter) this.#head += 1;
    const start = this.#starts[this.#head];
    if (start !== undefined && start <= counter) this.#starts[this.#head] = counter + 1;
    if (this.#head * 2 > this.#starts.length) this.#compact();
  }

  /** The last counter of the run that `counter` is in, or `counter - 1` if it is in none. */
  endFrom(counter: number): number {
    const at = this.#runAtOrAfter(counter);
    const isIn = at < this.#starts.length && (this.#starts[at] as number) <= counter;
    return isIn ? (this.#ends[at] as number) : counter - 1;
  }

  /**
   * What is missing above `after` up to `through`, lowest first, at most `maxGaps`. Gaps less than `bridge` counters
   * apart are given as one, the few counters between them included: many small gaps cost more than a few duplicates.
   */
  gaps(after: number, through: number, maxGaps: number, bridge: number): CounterGap[] {
    const gaps: CounterGap[] = [];
    let have = this.endFrom(after + 1);
    while (have < through && gaps.length < maxGaps) {
      let at = this.#runAtOrAfter(have + 1);
      while (this.#isBridge(at, through, bridge)) at += 1;
      const need = Math.min(through, (this.#starts[at] ?? Number.POSITIVE_INFINITY) - 1);
      gaps.push({ have, need });
      have = this.endFrom(need + 1);
    }
    return gaps;
  }

  /** Run `at` is short, and a gap follows it below `through`. */
  #isBridge(at: number, through: number, bridge: number): boolean {
    const start = this.#starts[at];
    const end = this.#ends[at];
    return start !== undefined && end !== undefined && end < through && end - start + 1 < bridge;
  }

  /** Index of the first run that ends at or above `counter`. */
  #runAtOrAfter(counter: number): number {
    const last = this.#ends.length - 1;
    if (last >= this.#head && (this.#ends[last] as number) < counter) return last + 1;
    let low = this.#head;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) < counter) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    this.#starts = this.#starts.slice(this.#head);
    this.#ends = this.#ends.slice(this.#head);
    this.#head = 0;
  }
}
