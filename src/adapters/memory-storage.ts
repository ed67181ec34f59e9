/**
 * The storage port in memory, with a disk that can be slow, fail and lose what was not flushed: for tests and
 * simulation. The `MemoryDisk` outlives the storage opened on it, as a disk does.
 */
import { assert, InvariantError, unreachable } from '../base/assert.js';
import { CausewayError } from '../base/errors.js';
import type {
  Storage,
  StorageEntry,
  StorageRange,
  StorageReader,
  StorageSnapshot,
  StorageWrite,
  Table,
} from '../ports/storage.js';
import { eachTable, SortedTable, type SortedView } from './sorted-table.js';
import { assertBound, assertKey, assertWrites } from './storage-bounds.js';
import { StorageFuse } from './storage-fuse.js';

/** What is durable. One storage at a time is open on it. */
export class MemoryDisk {
  readonly tables: Readonly<Record<Table, SortedTable>> = eachTable(() => new SortedTable());

  /** A disk owns its bytes; `slice` of a Buffer would be no copy. */
  apply(writes: readonly StorageWrite[]): void {
    for (const write of writes) {
      const table = this.tables[write.table];
      if (write.kind === 'put') table.put(new Uint8Array(write.key), new Uint8Array(write.value));
      else if (write.kind === 'delete') table.delete(write.key);
      else if (write.kind === 'delete-range') table.deleteRange(write.gte, write.lt);
      else unreachable(write);
    }
  }
}

export interface MemoryStorageOptions {
  /** A disk with contents; a new one by default. */
  readonly disk?: MemoryDisk;
  /**
   * Called when a group of commits is handed to the disk, which is at the end of the current task or when the flush
   * before has ended; `done` makes them durable, `done(error)` fails the storage. By default it is done at once. The
   * tables of the disk still show what was there before the group.
   */
  readonly flush?: (done: (error?: Error) => void, group: CommitGroup) => void;
  /** What an error says was written to. */
  readonly medium?: string;
}

/** The writes of each commit of a group, in the order in which they take effect. */
export type CommitGroup = readonly (readonly StorageWrite[])[];

export interface MemoryStorage extends Storage {
  /** Commits that are not durable yet. */
  readonly pendingCommits: number;
  /**
   * The end of the process: of the commits not yet durable the first `survivors` are on the disk after all, the
   * others are lost. Their promises never settle, and the storage is not used again; open another on the same disk.
   */
  crash(survivors?: number): void;
}

interface Commit {
  readonly writes: readonly StorageWrite[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function openMemoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  return new SortedStorage(options);
}

/** Reads of either the living tables or of frozen ones. */
class SortedReader implements StorageReader {
  protected readonly fuse: StorageFuse;
  readonly #tables: Readonly<Record<Table, SortedView>>;

  constructor(tables: Readonly<Record<Table, SortedView>>, fuse: StorageFuse) {
    this.#tables = tables;
    this.fuse = fuse;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    this.fuse.check();
    assertKey(key);
    return this.#tables[table].get(key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    assertBound(range.gte);
    assertBound(range.lt);
    return {
      [Symbol.iterator]: () => {
        this.fuse.check();
        return this.#tables[table].range(range)[Symbol.iterator]();
      },
    };
  }

  count(table: Table): number {
    this.fuse.check();
    return this.#tables[table].count;
  }
}

class SortedSnapshot extends SortedReader implements StorageSnapshot {
  close(): void {
    this.fuse.blow(new InvariantError('snapshot is closed'));
  }
}

class SortedStorage extends SortedReader implements MemoryStorage {
  readonly #disk: MemoryDisk;
  readonly #flush: NonNullable<MemoryStorageOptions['flush']>;
  readonly #medium: string;
  /** Whether a flush is under way or about to begin. */
  #busy = false;
  #flushing: Commit[] = [];
  #waiting: Commit[] = [];

  constructor({ disk = new MemoryDisk(), flush = (done) => done(), medium = 'memory' }: MemoryStorageOptions) {
    super(disk.tables, new StorageFuse());
    this.#disk = disk;
    this.#flush = flush;
    this.#medium = medium;
  }

  get pendingCommits(): number {
    return this.#flushing.length + this.#waiting.length;
  }

  commit(writes: readonly StorageWrite[]): Promise<void> {
    if (this.fuse.reason !== undefined) return Promise.reject(this.fuse.reason);
    assertWrites(writes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      queueMicrotask(() => this.#startFlush());
    });
  }

  snapshot(): StorageSnapshot {
    this.fuse.check();
    return new SortedSnapshot(
      eachTable((name) => this.#disk.tables[name].freeze()),
      new StorageFuse(this.fuse),
    );
  }

  sizeBytes(): number {
    return 0;
  }

  crash(survivors = 0): void {
    const pending = [...this.#flushing, ...this.#waiting];
    assert(survivors <= pending.length, 'more survivors than commits', { survivors, pending: pending.length });
    for (const { writes } of pending.slice(0, survivors)) this.#disk.apply(writes);
    this.#flushing = [];
    this.#waiting = [];
    this.fuse.blow(new InvariantError('storage has crashed'));
  }

  async close(): Promise<void> {
    await this.commit([]).catch(() => undefined);
    this.fuse.blow(new InvariantError('storage is closed'));
  }

  #startFlush(): void {
    const group = this.#waiting;
    this.#busy = group.length > 0;
    if (!this.#busy) return;
    this.#flushing = group;
    this.#waiting = [];
    const done = (error?: Error) => {
      // Told twice, or the process whose flush this was has crashed.
      if (this.#flushing !== group) return;
      if (error === undefined) this.#succeed(group);
      else this.#fail(error);
    };
    this.#flush(
      done,
      group.map(({ writes }) => writes),
    );
  }

  #succeed(group: readonly Commit[]): void {
    for (const { writes } of group) this.#disk.apply(writes);
    this.#flushing = [];
    for (const { resolve } of group) resolve();
    this.#startFlush();
  }

  #fail(error: Error): void {
    const failure = new CausewayError('storage-failed', `Writing to ${this.#medium} failed: ${error.message}.`);
    this.fuse.blow(failure);
    for (const { reject } of [...this.#flushing, ...this.#waiting]) reject(failure);
    this.#flushing = [];
    this.#waiting = [];
  }
}
