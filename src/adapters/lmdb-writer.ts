/**
 * Group commit: everything committed within one turn of the event loop, or while the transaction before is flushed,
 * becomes one LMDB transaction, written and flushed by a thread. One transaction at a time, so that a failure is the
 * failure of everything after it, and so that the state a `delete-range` refers to is known.
 */
import { compareBytes, utf8Encode } from '../base/bytes.js';
import type { CausewayError } from '../base/errors.js';
import type { StorageReader, StorageWrite } from '../ports/storage.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** A store has one mark; the last one counts. */
export const MARK_KEY = utf8Encode('mark');

type SingleWrite = Exclude<StorageWrite, { kind: 'delete-range' }>;

interface Commit {
  readonly writes: readonly StorageWrite[];
  readonly mark: Uint8Array | undefined;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
}

export interface LmdbWriterEvents {
  /** The state that reads show; while no transaction is under way, all that was committed before. */
  readonly state: () => StorageReader;
  /** A transaction is durable. Called before its commits are answered; if it throws, they are rejected. */
  readonly durable: () => void;
  /** The first failure, at once; the answer is what every commit under way or waiting is rejected with. */
  readonly failed: (error: unknown) => Promise<CausewayError>;
}

export class LmdbWriter {
  readonly #environment: LmdbEnvironment;
  readonly #events: LmdbWriterEvents;
  /** Commits of the one transaction, which this turn still adds to or a thread is flushing. */
  #group: Commit[] = [];
  #flushing = false;
  #waiting: Commit[] = [];

  constructor(environment: LmdbEnvironment, events: LmdbWriterEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  commit(writes: readonly StorageWrite[], mark?: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const commit = { writes, mark, resolve, reject };
      if (this.#flushing) this.#waiting.push(commit);
      else this.#add(commit);
    });
  }

  #add(commit: Commit): void {
    // Before `batch`, because LMDB gets what `batch` was given so far even when listing a range throws.
    const writes = this.#expand(commit);
    if (writes === undefined) return;
    // lmdb-js starts its thread by an immediate that `batch` sets, so this one runs just before: what comes after it
    // belongs to the next transaction.
    if (this.#group.length === 0) setImmediate(this.#close);
    const done = this.#environment.root.batch(() => this.#write(writes, commit.mark));
    this.#group.push(commit);
    if (this.#group.length === 1) done.then(this.#succeed).catch(this.#fail);
  }

  readonly #close = (): void => {
    this.#flushing = true;
  };

  #write(writes: readonly SingleWrite[], mark: Uint8Array | undefined): void {
    const { tables, marks } = this.#environment;
    if (mark !== undefined) marks.put(MARK_KEY, mark);
    for (const write of writes) {
      if (write.kind === 'put') tables[write.table].put(write.key, write.value);
      else tables[write.table].remove(write.key);
    }
  }

  /** LMDB cannot delete a range: list what is there, and what this transaction has put there so far. */
  #expand(commit: Commit): readonly SingleWrite[] | undefined {
    if (!commit.writes.some(isRange)) return commit.writes as readonly SingleWrite[];
    const before = this.#group.flatMap((earlier) => earlier.writes);
    const expanded: SingleWrite[] = [];
    try {
      for (const write of commit.writes) {
        if (isRange(write)) for (const key of this.#keysIn(write, before)) expanded.push(deleteOf(write.table, key));
        else expanded.push(write);
        before.push(write);
      }
      return expanded;
    } catch (error) {
      commit.reject(error);
      return undefined;
    }
  }

  #keysIn(range: RangeDelete, before: readonly StorageWrite[]): Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (const { key } of this.#events.state().range(range.table, range)) keys.push(key);
    for (const write of before) {
      if (write.kind !== 'put' || write.table !== range.table) continue;
      if (compareBytes(range.gte, write.key) <= 0 && compareBytes(write.key, range.lt) < 0) keys.push(write.key);
    }
    return keys;
  }

  readonly #succeed = (): void => {
    this.#events.durable();
    const group = this.#group;
    const waiting = this.#waiting;
    this.#group = [];
    this.#waiting = [];
    this.#flushing = false;
    for (const commit of group) commit.resolve();
    for (const commit of waiting) this.#add(commit);
  };

  readonly #fail = async (error: unknown): Promise<void> => {
    const failure = await this.#events.failed(error);
    for (const commit of this.#group) commit.reject(failure);
    for (const commit of this.#waiting) commit.reject(failure);
    this.#group = [];
    this.#waiting = [];
  };
}

type RangeDelete = Extract<StorageWrite, { kind: 'delete-range' }>;

function isRange(write: StorageWrite): write is RangeDelete {
  return write.kind === 'delete-range';
}

function deleteOf(table: StorageWrite['table'], key: Uint8Array): SingleWrite {
  return { kind: 'delete', table, key };
}
