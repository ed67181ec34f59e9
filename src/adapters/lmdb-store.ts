/**
 * The storage port over LMDB alone: each group of commits is a transaction. Reads come from one pinned state that moves on
 * when a commit settles, never between; nothing is cached, so heap use does not grow with the number of keys.
 */
import { statSync } from 'node:fs';
import { InvariantError } from '../base/assert.js';
import { CausewayError } from '../base/errors.js';
import type { StorageEntry, StorageRange, StorageSnapshot, StorageWrite, Table } from '../ports/storage.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { type LmdbEnvironment, lmdbReason, openLmdbEnvironment } from './lmdb-environment.js';
import { LmdbView } from './lmdb-view.js';
import { LmdbWriter, MARK_KEY } from './lmdb-writer.js';
import { assertWrites } from './storage-bounds.js';
import { StorageFuse } from './storage-fuse.js';

export interface LmdbStoreOptions {
  /** Exists, and is this process' alone: see `data-directory.ts`. */
  readonly directory: string;
  /** Address space to map at first; grows by itself. */
  readonly mapBytes?: number;
}

/**
 * @throws CausewayError `data-dir-corrupt`, `invalid-config` (no permission) or `storage-failed`
 */
export function openLmdbStore(options: LmdbStoreOptions): CheckpointStore {
  return new LmdbStore(openLmdbEnvironment(options.directory, options.mapBytes));
}

class LmdbStore implements CheckpointStore {
  readonly #environment: LmdbEnvironment;
  readonly #fuse = new StorageFuse();
  readonly #writer: LmdbWriter;
  #view: LmdbView;

  constructor(environment: LmdbEnvironment) {
    this.#environment = environment;
    this.#view = new LmdbView(environment, this.#fuse);
    this.#writer = new LmdbWriter(environment, {
      state: () => this.#view,
      durable: () => this.#moveOn(),
      failed: (error) => this.#failed(error),
    });
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#view.get(table, key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    // Whatever is the present when the caller begins to iterate.
    return { [Symbol.iterator]: () => this.#view.range(table, range)[Symbol.iterator]() };
  }

  count(table: Table): number {
    return this.#view.count(table);
  }

  commit(writes: readonly StorageWrite[], mark?: Uint8Array): Promise<void> {
    if (this.#fuse.reason !== undefined) return Promise.reject(this.#fuse.reason);
    assertWrites(writes);
    return this.#writer.commit(writes, mark);
  }

  mark(): Uint8Array | undefined {
    this.#fuse.check();
    return this.#environment.marks.get(MARK_KEY);
  }

  snapshot(): StorageSnapshot {
    this.#fuse.check();
    return new LmdbSnapshot(this.#view, this.#fuse);
  }

  sizeBytes(): number {
    return statSync(this.#environment.file).size;
  }

  async close(): Promise<void> {
    // Commits settle in order, so an empty one settles last.
    await this.commit([]).catch(() => undefined);
    if (this.#fuse.reason instanceof InvariantError) return;
    this.#fuse.blow(new InvariantError('storage is closed'));
    this.#view.release();
    await this.#environment.root.close();
  }

  #moveOn(): void {
    const before = this.#view;
    this.#view = new LmdbView(this.#environment, this.#fuse);
    before.release();
  }

  /** Blown at once, so that nothing more is read or promised; then with the reason, which lmdb-js gives in a promise. */
  async #failed(error: unknown): Promise<CausewayError> {
    const { file } = this.#environment;
    this.#fuse.blow(new CausewayError('storage-failed', `Writing to ${file} failed.`));
    const failure = new CausewayError('storage-failed', `Writing to ${file} failed: ${await reasonOf(error)}.`);
    this.#fuse.blow(failure);
    return failure;
  }
}

/** The state at its creation; a holder of the view it came from. */
class LmdbSnapshot implements StorageSnapshot {
  readonly #fuse: StorageFuse;
  readonly #view: LmdbView;
  #open = true;

  constructor(view: LmdbView, fuse: StorageFuse) {
    view.hold();
    this.#view = view;
    this.#fuse = fuse;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#held().get(table, key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    return this.#held().range(table, range);
  }

  count(table: Table): number {
    return this.#held().count(table);
  }

  /** May be called again, and after the storage was closed. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (!(this.#fuse.reason instanceof InvariantError)) this.#view.release();
  }

  #held(): LmdbView {
    if (!this.#open) throw new InvariantError('snapshot is closed');
    return this.#view;
  }
}

/** A rejected commit of lmdb-js names its reason in `commitError`, a promise that may never settle. */
async function reasonOf(error: unknown): Promise<string> {
  if (!(error instanceof Error) || !('commitError' in error)) return lmdbReason(error);
  const reason = Promise.resolve(error.commitError).then(lmdbReason, lmdbReason);
  return Promise.race([reason, new Promise<string>((resolve) => setImmediate(resolve, error.message))]);
}
