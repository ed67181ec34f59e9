/**
 * The storage port over a store with a write-ahead log before it. A group of commits is durable when one record of the log
 * is; from then on reads find it in a table in memory that is laid over the store. When a segment of the log is full, or
 * after a while, the table is frozen and written to the store in the background: see `checkpointer.ts`.
 *
 * What a storage is given first goes to the store itself, with the mark that begins the log: so the store, looked at alone,
 * says from the beginning whose it is and of which format, also to a program that knows of no log.
 */
import { randomBytes } from 'node:crypto';
import { InvariantError } from '../base/assert.js';
import type { Storage, StorageRange, StorageSnapshot, StorageWrite, Table } from '../ports/storage.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { Checkpointer, writeOut } from './checkpointer.js';
import { LayeredReader, type Layers, layeredRange } from './layered-reader.js';
import { LayeredSnapshot } from './layered-snapshot.js';
import { Memtable } from './memtable.js';
import { assertWrites } from './storage-bounds.js';
import { StorageFuse } from './storage-fuse.js';
import { logOpenFailure, logWriteFailure } from './wal-failure.js';
import { type LogFiles, SEGMENT_NAMES } from './wal-files.js';
import { decodeMark, encodeMark, LOG_ID_BYTES } from './wal-records.js';
import { recoverLog, refuseLogWithoutStore } from './wal-recovery.js';
import { WriteAheadLog } from './write-ahead-log.js';

export interface LoggedStorageOptions {
  /** Nobody else's; closed with this storage. */
  readonly store: CheckpointStore;
  readonly files: LogFiles;
  readonly limits?: Partial<LogLimits>;
}

export interface LogLimits {
  /** A segment that holds as much goes to the store. */
  readonly segmentBytes: number;
  /** It does so in transactions of so many writes. */
  readonly partWrites: number;
}

const LIMITS: LogLimits = { segmentBytes: 4 * 1024 * 1024, partWrites: 500 };

interface Commit {
  readonly writes: readonly StorageWrite[];
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
}

/** @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format`, `invalid-config` (no permission) or `storage-failed` */
export async function openLoggedStorage({ store, files, limits }: LoggedStorageOptions): Promise<Storage> {
  const effective = { ...LIMITS, ...limits };
  try {
    const log = await openLog(store, files, effective);
    return new LoggedStorage(store, files, effective, log);
  } catch (error) {
    throw logOpenFailure(error);
  }
}

/** What the log has and the store has not is brought there. Undefined if there is no log yet. */
async function openLog(
  store: CheckpointStore,
  files: LogFiles,
  { segmentBytes, partWrites }: LogLimits,
): Promise<WriteAheadLog | undefined> {
  const stored = store.mark();
  if (stored === undefined) {
    await refuseLogWithoutStore(files);
    return undefined;
  }
  const { id, sequence } = decodeMark(stored, files.pathOf(SEGMENT_NAMES[0]));
  const recovered = await recoverLog(files, { id, sequence });
  if (recovered.batches.length > 0) {
    const memtable = new Memtable();
    for (const writes of recovered.batches) memtable.apply(writes, keysOf({ memory: [], store }));
    await writeOut(store, memtable.tables, encodeMark({ id, sequence: recovered.sequence }), partWrites);
  }
  return WriteAheadLog.resume(files, id, recovered, segmentBytes);
}

class LoggedStorage extends LayeredReader implements Storage {
  readonly #store: CheckpointStore;
  readonly #files: LogFiles;
  readonly #limits: LogLimits;
  readonly #fuse: StorageFuse;
  readonly #checkpointer: Checkpointer;
  /** Begun by the first commit. */
  #log: WriteAheadLog | undefined;
  #memtable = new Memtable();
  #layers: Layers;
  #waiting: Commit[] = [];
  /** Whether a flush is under way or about to begin. */
  #isBusy = false;

  constructor(store: CheckpointStore, files: LogFiles, limits: LogLimits, log: WriteAheadLog | undefined) {
    const fuse = new StorageFuse();
    super(() => this.#layers, fuse);
    this.#fuse = fuse;
    this.#store = store;
    this.#files = files;
    this.#limits = limits;
    this.#log = log;
    this.#layers = { memory: [this.#memtable.tables], store };
    this.#checkpointer = new Checkpointer(store, limits.partWrites, {
      due: () => this.#checkpointSoon(),
      done: () => this.#lay([this.#memtable.tables]),
      failed: (error) => this.#fail(error),
    });
  }

  commit(writes: readonly StorageWrite[]): Promise<void> {
    if (this.#fuse.reason !== undefined) return Promise.reject(this.#fuse.reason);
    assertWrites(writes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      if (!this.#isBusy) this.#flushSoon();
    });
  }

  snapshot(): StorageSnapshot {
    this.#fuse.check();
    const [, ...frozen] = this.#layers.memory;
    return new LayeredSnapshot([this.#memtable.freeze(), ...frozen], this.#store.snapshot(), this.#fuse);
  }

  sizeBytes(): number {
    return this.#store.sizeBytes() + (this.#log?.sizeBytes ?? 0);
  }

  async close(): Promise<void> {
    // Commits settle in order, so an empty one settles last.
    await this.commit([]).catch(() => undefined);
    await this.#checkpointer.idle();
    if (this.#fuse.reason === undefined && (this.#log?.activeBytes ?? 0) > 0) {
      this.#checkpoint();
      await this.#checkpointer.idle();
    }
    if (this.#fuse.reason instanceof InvariantError) return;
    this.#fuse.blow(new InvariantError('storage is closed'));
    this.#checkpointer.close();
    await this.#log?.close();
    await this.#store.close();
  }

  /** At the end of the turn: what else it commits, and what comes in with it, belongs to the same record. */
  #flushSoon(): void {
    this.#isBusy = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      await this.#makeDurable(group.flatMap(({ writes }) => writes));
      this.#fuse.check();
    } catch (error) {
      this.#fail(error);
    }
    const failure = this.#fuse.reason;
    for (const { resolve, reject } of group) failure === undefined ? resolve() : reject(failure);
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#flushSoon();
  }

  async #makeDurable(writes: readonly StorageWrite[]): Promise<void> {
    if (writes.length === 0) return;
    if (this.#log === undefined) {
      await this.#begin(writes);
      return;
    }
    await this.#makeRoom();
    await this.#log.append(writes);
    const [, ...frozen] = this.#layers.memory;
    this.#memtable.apply(writes, keysOf({ memory: frozen, store: this.#store }));
    this.#checkpointer.written(this.#log.sequence);
  }

  async #begin(writes: readonly StorageWrite[]): Promise<void> {
    const id = randomBytes(LOG_ID_BYTES);
    const log = await WriteAheadLog.create(this.#files, id, this.#limits.segmentBytes);
    await this.#store.commit(writes, encodeMark({ id, sequence: 0 }));
    this.#log = log;
  }

  /** The store may fall behind by another segment's worth; then commits wait for it. */
  async #makeRoom(): Promise<void> {
    const bytes = this.#log?.activeBytes ?? 0;
    if (this.#checkpointer.isBusy && bytes >= 2 * this.#limits.segmentBytes) await this.#checkpointer.idle();
    this.#fuse.check();
    if (this.#checkpointer.isBusy) return;
    if (bytes >= this.#limits.segmentBytes || (this.#checkpointer.isDue && bytes > 0)) this.#checkpoint();
  }

  /** Not while a record is written; the table would lack it. */
  #checkpointSoon(): void {
    if (!this.#isBusy && (this.#log?.activeBytes ?? 0) > 0) this.#checkpoint();
  }

  /** While no flush and no checkpoint is under way. */
  #checkpoint(): void {
    const log = this.#log;
    if (log === undefined) return;
    const frozen = this.#memtable.tables;
    this.#memtable = new Memtable();
    this.#lay([this.#memtable.tables, frozen]);
    log.rotate();
    this.#checkpointer.start(frozen, encodeMark({ id: log.id, sequence: log.sequence }));
  }

  #lay(memory: Layers['memory']): void {
    this.#layers = { memory, store: this.#store };
  }

  #fail(error: unknown): void {
    if (this.#fuse.reason !== undefined) return;
    this.#fuse.blow(logWriteFailure(error, this.#log?.path ?? this.#files.pathOf(SEGMENT_NAMES[0])));
    const failure = this.#fuse.reason;
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
  }
}

function keysOf(layers: Layers): (table: Table, range: StorageRange) => Uint8Array[] {
  return (table, range) => {
    const keys: Uint8Array[] = [];
    const entries = layeredRange(layers, table, range);
    for (let next = entries.next(); next.done !== true; next = entries.next()) keys.push(next.value.key);
    return keys;
  };
}
