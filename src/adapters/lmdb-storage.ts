/** The storage of a replica: LMDB with a write-ahead log before it, in one directory. */
import type { Storage } from '../ports/storage.js';
import { type LmdbStoreOptions, openLmdbStore } from './lmdb-store.js';
import { openLoggedStorage } from './logged-storage.js';
import { logFilesIn } from './wal-files.js';

export interface LmdbStorageOptions extends LmdbStoreOptions {
  /** So much is written to the log before it goes to LMDB. */
  readonly segmentBytes?: number;
}

/**
 * @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format`, `invalid-config` (no permission) or `storage-failed`
 */
export async function openLmdbStorage(options: LmdbStorageOptions): Promise<Storage> {
  const { segmentBytes, directory } = options;
  const store = openLmdbStore(options);
  try {
    const files = logFilesIn(directory);
    return await openLoggedStorage({ store, files, ...(segmentBytes === undefined ? {} : { segmentBytes }) });
  } catch (error) {
    await store.close();
    throw error;
  }
}
