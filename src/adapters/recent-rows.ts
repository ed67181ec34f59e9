/**
 * A map of bytes to bytes that is written and read by key far more often than it is listed: a row for each key in the order
 * in which the keys came, found by hash. The order of the keys is made when somebody lists them, and kept; what came since is
 * sorted in then. No row ever leaves; one that is cleared has no value any more and is passed over.
 */
import { compareBytes } from '../base/bytes.js';
import type { StorageEntry, StorageRange } from '../ports/storage.js';
import { KeyIndex } from './key-index.js';

/** So many rows at most wait to be sorted in, so that no listing has to sort many thousands at once. */
const UNSORTED_MAX = 1_024;
const NO_ROWS = new Int32Array(0);

type Values = (Uint8Array | undefined)[];

export interface RowsReader {
  /** Whether there is nothing to look for. */
  readonly isEmpty: boolean;
  /** @param hash That of the key: see `hashBytes`. */
  get(key: Uint8Array, hash: number): Uint8Array | undefined;
  /** In the order of keys. */
  range(range: StorageRange): Iterable<StorageEntry>;
}

export class RecentRows implements RowsReader {
  readonly #index = new KeyIndex();
  readonly #keys: Uint8Array[] = [];
  #values: Values = [];
  /** Whether a view shares the values: then it shares rows that come later, which it does not look at, but no change. */
  #isShared = false;
  /** The first rows in the order of their keys. An array is never changed; another takes its place. */
  #order = NO_ROWS;

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  put(key: Uint8Array, value: Uint8Array, hash: number): void {
    const row = this.#index.find(this.#keys, key, hash);
    if (row < 0) this.#append(key, value, hash);
    else this.#replace(row, key, value);
  }

  get(key: Uint8Array, hash: number): Uint8Array | undefined {
    const row = this.#index.find(this.#keys, key, hash);
    return row < 0 ? undefined : this.#values[row];
  }

  range(range: StorageRange): Iterable<StorageEntry> {
    return this.#entries(this.#values, this.#keys.length, range);
  }

  /** As if none of the keys of the range had been put. */
  clear(range: StorageRange): void {
    const [from, to] = this.#bounds(range);
    if (from < to) this.#ownValues();
    for (let at = from; at < to; at += 1) this.#values[this.#order[at] as number] = undefined;
  }

  /** What is there now, whatever is written later. */
  freeze(): RowsReader {
    this.#isShared = true;
    const values = this.#values;
    const count = this.#keys.length;
    return {
      isEmpty: count === 0,
      get: (key, hash) => {
        const row = this.#index.find(this.#keys, key, hash);
        return row < 0 || row >= count ? undefined : values[row];
      },
      range: (range) => this.#entries(values, count, range),
    };
  }

  #append(key: Uint8Array, value: Uint8Array, hash: number): void {
    this.#index.add(hash);
    this.#keys.push(key);
    this.#values.push(value);
    if (this.#keys.length - this.#order.length >= UNSORTED_MAX) this.#sort();
  }

  /** The key as well: the one before may keep a page of other bytes alive. */
  #replace(row: number, key: Uint8Array, value: Uint8Array): void {
    this.#ownValues();
    this.#keys[row] = key;
    this.#values[row] = value;
  }

  #ownValues(): void {
    if (this.#isShared) this.#values = this.#values.slice();
    this.#isShared = false;
  }

  /** Of the first `count` rows. */
  *#entries(values: Readonly<Values>, count: number, range: StorageRange): Generator<StorageEntry> {
    if (count === 0) return;
    const [from, to] = this.#bounds(range);
    const order = this.#order;
    const step = range.reverse === true ? -1 : 1;
    for (let at = step > 0 ? from : to - 1; at >= from && at < to; at += step) {
      const row = order[at] as number;
      const value = row < count ? values[row] : undefined;
      if (value !== undefined) yield { key: this.#keys[row] as Uint8Array, value };
    }
  }

  /** Where the range lies in the order of all keys, `[from, to)`. */
  #bounds({ gte, lt }: StorageRange): readonly [number, number] {
    this.#sort();
    const order = this.#order;
    const from = gte === undefined ? 0 : this.#lowerBound(order, gte, 0, order.length);
    return [from, lt === undefined ? order.length : this.#lowerBound(order, lt, from, order.length)];
  }

  #sort(): void {
    const order = this.#order;
    if (order.length === this.#keys.length) return;
    const added = this.#addedInOrder();
    const merged = new Int32Array(this.#keys.length);
    merged.set(order);
    // From the end: what lies behind the greatest of those added moves by their number, and so on.
    let end = order.length;
    for (let i = added.length - 1; i >= 0; i -= 1) {
      const place = this.#placeOf(added[i] as number, order, end);
      if (place < end) merged.copyWithin(place + i + 1, place, end);
      merged[place + i] = added[i] as number;
      end = place;
    }
    this.#order = merged;
  }

  #addedInOrder(): number[] {
    const keys = this.#keys;
    const added: number[] = [];
    for (let row = this.#order.length; row < keys.length; row += 1) added.push(row);
    // Quick where keys have come in their order.
    return added.sort((a, b) => compareBytes(keys[a] as Uint8Array, keys[b] as Uint8Array));
  }

  /** Where among the first `end` of `order` a row belongs that is not there. Most keys of a log come in their order. */
  #placeOf(row: number, order: Int32Array, end: number): number {
    const key = this.#keys[row] as Uint8Array;
    if (end === 0 || compareBytes(this.#keys[order[end - 1] as number] as Uint8Array, key) < 0) return end;
    return this.#lowerBound(order, key, 0, end - 1);
  }

  /** The first place of `order` in `[low, high)` whose key is not below `key`; `high` if there is none. */
  #lowerBound(order: Int32Array, key: Uint8Array, low: number, high: number): number {
    const keys = this.#keys;
    let from = low;
    let to = high;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareBytes(keys[order[middle] as number] as Uint8Array, key) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
