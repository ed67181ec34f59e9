/**
 * The storage port over a simulated disk: transactions become durable later, together or one after the other, or the disk
 * fails, or the process dies before, and then a first few of them are durable after all and the others are gone.
 */
import { assert, InvariantError } from '../../base/assert.js';
import { CausewayError } from '../../base/errors.js';
import {
  STORAGE_KEY_MAX_BYTES,
  STORAGE_VALUE_MAX_BYTES,
  type Storage,
  type StorageEntry,
  type StorageRange,
  type StorageReader,
  type StorageSnapshot,
  type StorageWrite,
  type Table,
} from '../../ports/storage.js';
import { eachTable, type SimDisk, type Tables } from './disk.js';

/** What the disk makes of a flush. */
export interface FlushFate {
  readonly afterMs: number;
  readonly fails: boolean;
}

export interface SimStorageOptions {
  readonly disk: SimDisk;
  /** Run `task` later, unless the process has died. */
  readonly after: (delayMs: number, task: () => void) => void;
  /** Asked at each flush. */
  readonly fate: () => FlushFate;
  /** How many of so many transactions that were not confirmed are durable after all. */
  readonly survivors: (pending: number) => number;
}

interface Commit {
  readonly writes: readonly StorageWrite[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Reads of the living tables or of frozen ones, until there is a reason not to. */
class Reader implements StorageReader {
  readonly #tables: Tables;
  readonly #refusal: () => Error | undefined;

  constructor(tables: Tables, refusal: () => Error | undefined) {
    this.#tables = tables;
    this.#refusal = refusal;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    this.#check();
    assertKey(key);
    return this.#tables[table].get(key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    return {
      [Symbol.iterator]: () => {
        this.#check();
        return this.#tables[table].range(range);
      },
    };
  }

  count(table: Table): number {
    this.#check();
    return this.#tables[table].count;
  }

  #check(): void {
    const reason = this.#refusal();
    if (reason !== undefined) throw reason;
  }
}

class Snapshot extends Reader implements StorageSnapshot {
  readonly #onClose: () => void;

  constructor(tables: Tables, refusal: () => Error | undefined, onClose: () => void) {
    super(tables, refusal);
    this.#onClose = onClose;
  }

  close(): void {
    this.#onClose();
  }
}

export class SimStorage extends Reader implements Storage {
  readonly #options: SimStorageOptions;
  readonly #end: { reason: Error | undefined };
  #isBusy = false;
  #flushing: readonly Commit[] = [];
  #waiting: Commit[] = [];

  constructor(options: SimStorageOptions) {
    const end: { reason: Error | undefined } = { reason: undefined };
    super(options.disk.tables, () => end.reason);
    this.#options = options;
    this.#end = end;
  }

  commit(writes: readonly StorageWrite[]): Promise<void> {
    if (this.#end.reason !== undefined) return Promise.reject(this.#end.reason);
    for (const write of writes) assertWrite(write);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#options.after(0, () => this.#flush());
    });
  }

  snapshot(): StorageSnapshot {
    if (this.#end.reason !== undefined) throw this.#end.reason;
    const tables = eachTable((name) => this.#options.disk.tables[name].freeze());
    let isClosed = false;
    const refusal = () => (isClosed ? new InvariantError('snapshot is closed') : this.#end.reason);
    return new Snapshot(tables, refusal, () => {
      isClosed = true;
    });
  }

  sizeBytes(): number {
    return 0;
  }

  async close(): Promise<void> {
    if (this.#end.reason !== undefined) return;
    await this.commit([]).catch(() => undefined);
    this.#end.reason ??= new InvariantError('storage is closed');
  }

  /** The end of the process. Promises of what was not durable never settle. */
  crash(): void {
    this.#keepSome();
    this.#end.reason ??= new InvariantError('storage has crashed');
  }

  #flush(): void {
    if (this.#end.reason !== undefined) return;
    this.#flushing = this.#waiting;
    this.#waiting = [];
    const { afterMs, fails } = this.#options.fate();
    this.#options.after(afterMs, () => {
      if (this.#end.reason !== undefined) return;
      if (fails) this.#fail();
      else this.#succeed();
    });
  }

  #succeed(): void {
    const group = this.#flushing;
    this.#flushing = [];
    for (const { writes } of group) this.#options.disk.apply(writes);
    for (const { resolve } of group) resolve();
    this.#isBusy = this.#waiting.length > 0;
    if (this.#isBusy) this.#options.after(0, () => this.#flush());
  }

  #fail(): void {
    const failure = new CausewayError('storage-failed', 'the simulated disk has failed.');
    const lost = [...this.#flushing, ...this.#waiting];
    this.#keepSome();
    this.#end.reason = failure;
    for (const { reject } of lost) reject(failure);
  }

  #keepSome(): void {
    const pending = [...this.#flushing, ...this.#waiting];
    this.#flushing = [];
    this.#waiting = [];
    const kept = this.#options.survivors(pending.length);
    for (const { writes } of pending.slice(0, kept)) this.#options.disk.apply(writes);
  }
}

function assertKey(key: Uint8Array): void {
  const { length } = key;
  assert(length > 0 && length <= STORAGE_KEY_MAX_BYTES, 'storage key of a length no storage takes', { length });
}

function assertWrite(write: StorageWrite): void {
  if (write.kind === 'delete-range') return;
  assertKey(write.key);
  if (write.kind === 'delete') return;
  const { length } = write.value;
  assert(length <= STORAGE_VALUE_MAX_BYTES, 'storage value of a length no storage takes', { length });
}
