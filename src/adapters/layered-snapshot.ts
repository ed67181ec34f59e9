/** One state of a storage with tables in memory: these as they were, over the store as it was. */
import { InvariantError } from '../base/assert.js';
import type { StorageSnapshot } from '../ports/storage.js';
import { LayeredReader } from './layered-reader.js';
import type { RecentTables } from './memtable.js';
import { StorageFuse } from './storage-fuse.js';

export class LayeredSnapshot extends LayeredReader implements StorageSnapshot {
  readonly #store: StorageSnapshot;
  readonly #fuse: StorageFuse;

  /** @param fuse that of the storage, whose failure is the snapshot's too. */
  constructor(memory: readonly RecentTables[], store: StorageSnapshot, fuse: StorageFuse) {
    const layers = { memory, store };
    const own = new StorageFuse(fuse);
    super(() => layers, own);
    this.#store = store;
    this.#fuse = own;
  }

  /** May be called again, and after the storage was closed. */
  close(): void {
    this.#fuse.blow(new InvariantError('snapshot is closed'));
    this.#store.close();
  }
}
