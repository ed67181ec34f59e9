/**
 * One state of the store: a pinned LMDB read transaction that the storage and its snapshots share. The last holder to
 * leave ends it, which lets LMDB reuse the pages it kept alive.
 */
import { assert } from '../base/assert.js';
import { EMPTY_BYTES, utf8Encode } from '../base/bytes.js';
import { CausewayError } from '../base/errors.js';
import { type StorageEntry, type StorageRange, type StorageReader, TABLES, type Table } from '../ports/storage.js';
import { type LmdbEnvironment, lmdbReason } from './lmdb-environment.js';
import { assertBound, assertKey } from './storage-bounds.js';
import type { StorageFuse } from './storage-fuse.js';

/** LMDB keeps the record of a named database (`MDB_db`) under its name, which in lmdb-js ends with a zero byte. */
const RECORD_KEYS = Object.fromEntries(TABLES.map((name) => [name, utf8Encode(`${name}\0`)]));
const RECORD_BYTES = 48;
const RECORD_ENTRIES_OFFSET = 32;

export class LmdbView implements StorageReader {
  readonly #environment: LmdbEnvironment;
  readonly #fuse: StorageFuse;
  readonly #options: { readonly transaction: ReturnType<LmdbEnvironment['root']['useReadTransaction']> };
  #holders = 1;

  /** Pins the newest durable state. The one who creates a view is its first holder. */
  constructor(environment: LmdbEnvironment, fuse: StorageFuse) {
    this.#environment = environment;
    this.#fuse = fuse;
    environment.root.resetReadTxn();
    this.#options = { transaction: environment.root.useReadTransaction() };
  }

  hold(): void {
    assert(this.#holders > 0, 'view has ended', { holders: this.#holders });
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    assert(this.#holders >= 0, 'view released too often', { holders: this.#holders });
    if (this.#holders === 0) this.#options.transaction.done();
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    this.#fuse.check();
    assertKey(key);
    try {
      return this.#environment.tables[table].get(key, this.#options);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    assertBound(range.gte);
    assertBound(range.lt);
    if (range.lt?.length === 0) return [];
    return { [Symbol.iterator]: () => this.#iterate(table, range) };
  }

  count(table: Table): number {
    this.#fuse.check();
    const record = this.#environment.root.get(RECORD_KEYS[table] ?? EMPTY_BYTES, this.#options);
    assert(record?.length === RECORD_BYTES, 'table has no record', { table, bytes: record?.length });
    const view = new DataView(record.buffer, record.byteOffset, RECORD_BYTES);
    return Number(view.getBigUint64(RECORD_ENTRIES_OFFSET, true));
  }

  #iterate(table: Table, range: StorageRange): Iterator<StorageEntry> {
    this.#fuse.check();
    const entries = this.#environment.tables[table].getRange({ ...boundsOf(range), ...this.#options });
    const iterator = entries[Symbol.iterator]();
    return {
      next: () => {
        this.#fuse.check();
        try {
          return iterator.next();
        } catch (error) {
          throw this.#fail(error);
        }
      },
      return: () => iterator.return?.() ?? { done: true, value: undefined },
    };
  }

  /** A page that cannot be read is as final as one that cannot be written. */
  #fail(error: unknown): CausewayError {
    const failure = new CausewayError(
      'storage-failed',
      `Reading ${this.#environment.file} failed: ${lmdbReason(error)}.`,
    );
    this.#fuse.blow(failure);
    return failure;
  }
}

/** In lmdb-js `start` is where the walk begins, `end` where it stops; an absent one must be there as undefined. */
function boundsOf(range: StorageRange): Parameters<LmdbEnvironment['root']['getRange']>[0] {
  const low = range.gte?.length === 0 ? undefined : range.gte;
  const [start, end] = range.reverse === true ? [range.lt, low] : [low, range.lt];
  return {
    ...({ start, end } as { start: Uint8Array; end: Uint8Array }),
    ...(range.reverse === true ? { reverse: true, exclusiveStart: true, inclusiveEnd: true } : {}),
  };
}
