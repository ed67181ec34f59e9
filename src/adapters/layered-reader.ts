/** Reads of tables in memory laid over each other and over a store: what lies higher hides what lies lower. */
import { compareBytes } from '../base/bytes.js';
import type { StorageEntry, StorageRange, StorageReader, Table } from '../ports/storage.js';
import { hashBytes } from './key-index.js';
import { type RecentTables, TOMBSTONE } from './memtable.js';
import { assertBound, assertKey } from './storage-bounds.js';
import type { StorageFuse } from './storage-fuse.js';

export interface Layers {
  /** The newest first. */
  readonly memory: readonly RecentTables[];
  readonly store: StorageReader;
}

/** Reads of the layers of the moment, for as long as the fuse holds. */
export class LayeredReader implements StorageReader {
  readonly #layers: () => Layers;
  readonly #fuse: StorageFuse;

  constructor(layers: () => Layers, fuse: StorageFuse) {
    this.#layers = layers;
    this.#fuse = fuse;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    this.#fuse.check();
    assertKey(key);
    return layeredGet(this.#layers(), table, key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    assertBound(range.gte);
    assertBound(range.lt);
    return {
      [Symbol.iterator]: () => {
        this.#fuse.check();
        return layeredRange(this.#layers(), table, range);
      },
    };
  }

  count(table: Table): number {
    this.#fuse.check();
    return layeredCount(this.#layers(), table);
  }
}

function layeredGet({ memory, store }: Layers, table: Table, key: Uint8Array): Uint8Array | undefined {
  // Every read passes here: a plain loop, for iterators cost as much as a look into a small table.
  const hash = hashBytes(key);
  for (let depth = 0; depth < memory.length; depth += 1) {
    const view = (memory[depth] as RecentTables)[table];
    const value = view.get(key, hash);
    if (value !== undefined) return value === TOMBSTONE ? undefined : value;
  }
  return store.get(table, key);
}

export function layeredRange({ memory, store }: Layers, table: Table, range: StorageRange): Iterator<StorageEntry> {
  let entries = store.range(table, range)[Symbol.iterator]();
  let isHiding = false;
  for (const { [table]: view } of [...memory].reverse()) {
    if (view.isEmpty) continue;
    const upper = view.range(range)[Symbol.iterator]();
    const first = upper.next();
    if (first.done === true) continue;
    entries = merged(first.value, upper, entries, range.reverse === true ? -1 : 1);
    isHiding = true;
  }
  return isHiding ? withoutTombstones(entries) : entries;
}

/** Looks at each entry that is in memory: these are few, unless much was written a moment ago. */
function layeredCount({ memory, store }: Layers, table: Table): number {
  let count = store.count(table);
  for (const [depth, { [table]: view }] of memory.entries()) {
    for (const { key, value } of view.range({})) {
      // Counted where it lies highest.
      if (memory.slice(0, depth).some(({ [table]: above }) => above.get(key, hashBytes(key)) !== undefined)) continue;
      if (store.get(table, key) !== undefined) count -= 1;
      if (value !== TOMBSTONE) count += 1;
    }
  }
  return count;
}

/** Both in the order of keys times `direction`; of two entries with one key the upper one. */
function* merged(
  first: StorageEntry,
  upper: Iterator<StorageEntry>,
  lower: Iterator<StorageEntry>,
  direction: 1 | -1,
): Generator<StorageEntry> {
  try {
    let high: StorageEntry | undefined = first;
    let low = entryOf(lower.next());
    while (high !== undefined || low !== undefined) {
      const order = high === undefined ? 1 : low === undefined ? -1 : direction * compareBytes(high.key, low.key);
      yield (order <= 0 ? high : low) as StorageEntry;
      if (order <= 0) high = entryOf(upper.next());
      if (order >= 0) low = entryOf(lower.next());
    }
  } finally {
    // The caller may have left early; a store must hear of it.
    lower.return?.();
  }
}

function* withoutTombstones(entries: Iterator<StorageEntry>): Generator<StorageEntry> {
  try {
    for (let next = entries.next(); next.done !== true; next = entries.next()) {
      if (next.value.value !== TOMBSTONE) yield next.value;
    }
  } finally {
    entries.return?.();
  }
}

function entryOf(result: IteratorResult<StorageEntry>): StorageEntry | undefined {
  return result.done === true ? undefined : result.value;
}
