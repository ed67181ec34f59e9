/** The storage of a replica: LMDB with a write-ahead log before it, in one directory. */
import type { Storage } from '../ports/storage.js';
import { type LmdbStoreOptions, openLmdbStore } from './lmdb-store.js';
import { type LogLimits, openLoggedStorage } from './logged-storage.js';
import { logFilesIn } from './wal-files.js';

export interface LmdbStorageOptions extends LmdbStoreOptions {
  readonly log?: Partial<LogLimits>;
}

/**
 * @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format`, `invalid-config` (no permission) or `storage-failed`
 */
export async function openLmdbStorage(options: LmdbStorageOptions): Promise<Storage> {
  const store = openLmdbStore(options);
  try {
    const files = logFilesIn(options.directory);
    return await openLoggedStorage({ store, files, ...(options.log === undefined ? {} : { limits: options.log }) });
  } catch (error) {
    await store.close();
    throw error;
  }
}
