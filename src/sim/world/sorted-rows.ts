/** A small sorted map of bytes to bytes. A frozen view shares its rows until the next write. */
import { compareBytes } from '../../base/bytes.js';
import type { StorageEntry, StorageRange } from '../../ports/storage.js';

export class SortedRows {
  #rows: StorageEntry[];
  #isShared = false;

  constructor(rows: StorageEntry[] = []) {
    this.#rows = rows;
  }

  get count(): number {
    return this.#rows.length;
  }

  /** What is here at this moment, for good. */
  freeze(): SortedRows {
    this.#isShared = true;
    const frozen = new SortedRows(this.#rows);
    frozen.#isShared = true;
    return frozen;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const row = this.#rows[this.#lowerBound(key)];
    return row !== undefined && compareBytes(row.key, key) === 0 ? row.value : undefined;
  }

  *range({ gte, lt, reverse }: StorageRange): Generator<StorageEntry> {
    const rows = this.#rows;
    const from = gte === undefined ? 0 : this.#lowerBound(gte);
    const to = lt === undefined ? rows.length : this.#lowerBound(lt);
    for (let i = 0; i < to - from; i += 1) yield rows[reverse === true ? to - 1 - i : from + i] as StorageEntry;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const rows = this.#writable();
    const at = this.#lowerBound(key);
    const row = rows[at];
    const isThere = row !== undefined && compareBytes(row.key, key) === 0;
    if (isThere) rows[at] = { key, value };
    else if (at === rows.length) rows.push({ key, value });
    else rows.splice(at, 0, { key, value });
  }

  deleteRange(gte: Uint8Array, lt: Uint8Array): void {
    const from = this.#lowerBound(gte);
    const to = this.#lowerBound(lt);
    if (to > from) this.#writable().splice(from, to - from);
  }

  delete(key: Uint8Array): void {
    const at = this.#lowerBound(key);
    const row = this.#rows[at];
    if (row !== undefined && compareBytes(row.key, key) === 0) this.#writable().splice(at, 1);
  }

  #writable(): StorageEntry[] {
    if (this.#isShared) this.#rows = [...this.#rows];
    this.#isShared = false;
    return this.#rows;
  }

  /** Index of the first row not below `key`. */
  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes((this.#rows[middle] as StorageEntry).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
