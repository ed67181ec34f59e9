/** What a write-ahead log leads to: a storage that keeps, beside its tables, a mark of how far it has come. */
import type { Storage, StorageWrite } from '../ports/storage.js';

export interface CheckpointStore extends Storage {
  /** With a mark, it takes the place of the one before in the same transaction. */
  commit(writes: readonly StorageWrite[], mark?: Uint8Array): Promise<void>;
  /** The last mark that is durable. */
  mark(): Uint8Array | undefined;
}
