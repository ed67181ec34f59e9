/** The end of the log that is held in memory: everything that is not durable yet, and what was written last. */
import { assert } from '../base/assert.js';
import { type Entry, entrySizeBytes } from './entry.js';

const KEPT_ENTRIES = 4_096;
const KEPT_BYTES = 16 * 1024 * 1024;

export class LogTail {
  #entries: Entry[] = [];
  #firstIndex: number;
  #bytes = 0;

  constructor(firstIndex: number) {
    this.#firstIndex = firstIndex;
  }

  /** Index of the first entry held, or that the next one would have. */
  get firstIndex(): number {
    return this.#firstIndex;
  }

  get lastIndex(): number {
    return this.#firstIndex + this.#entries.length - 1;
  }

  at(index: number): Entry | undefined {
    return this.#entries[index - this.#firstIndex];
  }

  push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'the log would have a hole', {
      index: entry.index,
      last: this.lastIndex,
    });
    this.#entries.push(entry);
    this.#bytes += entrySizeBytes(entry);
  }

  /** Drop `from` and everything after it. What is not held here begins at `from` then. */
  truncate(from: number): void {
    if (from < this.#firstIndex) this.reset(from);
    else for (const entry of this.#entries.splice(from - this.#firstIndex)) this.#bytes -= entrySizeBytes(entry);
  }

  reset(firstIndex: number): void {
    this.#entries = [];
    this.#firstIndex = firstIndex;
    this.#bytes = 0;
  }

  /** Forget entries up to `index`: the log no longer has them. */
  compact(index: number): void {
    if (index >= this.lastIndex) this.reset(Math.max(index + 1, this.lastIndex + 1));
    else this.#drop(index + 1 - this.#firstIndex);
  }

  /** Forget the oldest entries up to `durable`, if there are many more than are worth keeping. */
  trim(durable: number): void {
    if (this.#entries.length <= 2 * KEPT_ENTRIES && this.#bytes <= 2 * KEPT_BYTES) return;
    const droppable = Math.min(durable + 1 - this.#firstIndex, this.#entries.length);
    let count = 0;
    let bytes = this.#bytes;
    while (count < droppable && (this.#entries.length - count > KEPT_ENTRIES || bytes > KEPT_BYTES)) {
      bytes -= entrySizeBytes(this.#entries[count] as Entry);
      count += 1;
    }
    this.#drop(count);
  }

  /** Entries of `[from, to)`, at least one, no more than fit in `maxBytes`. */
  slice(from: number, to: number, maxBytes: number): readonly Entry[] {
    const start = from - this.#firstIndex;
    let end = start;
    for (let bytes = 0; end < to - this.#firstIndex; end += 1) {
      bytes += entrySizeBytes(this.#entries[end] as Entry);
      if (bytes > maxBytes && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const entry of this.#entries.splice(0, count)) this.#bytes -= entrySizeBytes(entry);
    this.#firstIndex += count;
  }
}
