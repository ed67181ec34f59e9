/** One state of a storage with tables in memory: these as they were, over the store as it was. */
import { InvariantError } from '../base/assert.js';
import type { StorageEntry, StorageRange, StorageSnapshot, Table } from '../ports/storage.js';
import { type Layers, layeredCount, layeredGet, layeredRange } from './layered-reader.js';
import type { SortedViews } from './memtable.js';
import { assertBound, assertKey } from './storage-bounds.js';
import { StorageFuse } from './storage-fuse.js';

export class LayeredSnapshot implements StorageSnapshot {
  readonly #layers: Layers;
  readonly #store: StorageSnapshot;
  readonly #fuse: StorageFuse;

  /** @param fuse that of the storage, whose failure is the snapshot's too. */
  constructor(memory: readonly SortedViews[], store: StorageSnapshot, fuse: StorageFuse) {
    this.#layers = { memory, store };
    this.#store = store;
    this.#fuse = new StorageFuse(fuse);
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    this.#fuse.check();
    assertKey(key);
    return layeredGet(this.#layers, table, key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    assertBound(range.gte);
    assertBound(range.lt);
    return {
      [Symbol.iterator]: () => {
        this.#fuse.check();
        return layeredRange(this.#layers, table, range);
      },
    };
  }

  count(table: Table): number {
    this.#fuse.check();
    return layeredCount(this.#layers, table);
  }

  /** May be called again, and after the storage was closed. */
  close(): void {
    this.#fuse.blow(new InvariantError('snapshot is closed'));
    this.#store.close();
  }
}
