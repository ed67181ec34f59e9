/**
 * A sorted map of bytes to bytes in blocks of some dozens of entries. `freeze` hands out a view of the present that
 * shares all blocks; what is written afterwards copies the blocks it touches.
 */
import { compareBytes } from '../base/bytes.js';
import { type StorageEntry, type StorageRange, TABLES, type Table } from '../ports/storage.js';

const BLOCK_MAX_ENTRIES = 64;

interface Block {
  /** The table and epoch that may change this block in place. */
  readonly epoch: object;
  readonly entries: StorageEntry[];
}

/** What was in the table at one moment. */
export class SortedView {
  protected blocks: Block[];
  protected size: number;

  constructor(blocks: Block[], size: number) {
    this.blocks = blocks;
    this.size = size;
  }

  get count(): number {
    return this.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const block = this.blocks[this.blockOf(key)];
    if (block === undefined) return undefined;
    const entry = block.entries[lowerBound(block.entries, key)];
    return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry.value : undefined;
  }

  range(range: StorageRange): Iterable<StorageEntry> {
    return range.reverse === true ? this.#descend(range) : this.#ascend(range);
  }

  *#ascend({ gte, lt }: StorageRange): Generator<StorageEntry> {
    const first = gte === undefined ? 0 : this.blockOf(gte);
    for (let b = first; b < this.blocks.length; b += 1) {
      const entries = this.blocks[b]?.entries ?? [];
      for (let i = b === first && gte !== undefined ? lowerBound(entries, gte) : 0; i < entries.length; i += 1) {
        const entry = entries[i] as StorageEntry;
        if (lt !== undefined && compareBytes(entry.key, lt) >= 0) return;
        yield entry;
      }
    }
  }

  *#descend({ gte, lt }: StorageRange): Generator<StorageEntry> {
    const last = lt === undefined ? this.blocks.length - 1 : this.blockOf(lt);
    for (let b = Math.min(last, this.blocks.length - 1); b >= 0; b -= 1) {
      const entries = this.blocks[b]?.entries ?? [];
      for (let i = (lt === undefined ? entries.length : lowerBound(entries, lt)) - 1; i >= 0; i -= 1) {
        const entry = entries[i] as StorageEntry;
        if (gte !== undefined && compareBytes(entry.key, gte) < 0) return;
        yield entry;
      }
    }
  }

  /** The first block whose last key is not below `key`; one past the end if there is none. */
  protected blockOf(key: Uint8Array): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.blocks[middle]?.entries.at(-1) as StorageEntry;
      if (compareBytes(last.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class SortedTable extends SortedView {
  #epoch: object = {};
  /** Whether a view shares the list of blocks. */
  #shared = false;

  constructor() {
    super([], 0);
  }

  freeze(): SortedView {
    this.#epoch = {};
    this.#shared = true;
    return new SortedView(this.blocks, this.size);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const last = this.blocks.at(-1)?.entries.at(-1);
    if (last === undefined || compareBytes(last.key, key) < 0) this.#append({ key, value });
    else this.#insert({ key, value });
  }

  /** Most keys of a log come in their order: no search, and no half-empty blocks behind them. */
  #append(entry: StorageEntry): void {
    this.size += 1;
    const b = this.blocks.length - 1;
    if ((this.blocks[b]?.entries.length ?? BLOCK_MAX_ENTRIES) < BLOCK_MAX_ENTRIES) this.#writable(b).push(entry);
    else this.#ownBlocks().push({ epoch: this.#epoch, entries: [entry] });
  }

  #insert(entry: StorageEntry): void {
    const b = this.blockOf(entry.key);
    const entries = this.#writable(b);
    const i = lowerBound(entries, entry.key);
    if (compareBytes((entries[i] as StorageEntry).key, entry.key) === 0) {
      entries[i] = entry;
      return;
    }
    entries.splice(i, 0, entry);
    this.size += 1;
    if (entries.length <= BLOCK_MAX_ENTRIES) return;
    this.blocks.splice(b + 1, 0, { epoch: this.#epoch, entries: entries.splice(BLOCK_MAX_ENTRIES / 2) });
  }

  delete(key: Uint8Array): void {
    const b = this.blockOf(key);
    const present = this.blocks[b]?.entries ?? [];
    const i = lowerBound(present, key);
    if (present[i] === undefined || compareBytes(present[i].key, key) !== 0) return;
    const entries = this.#writable(b);
    entries.splice(i, 1);
    this.size -= 1;
    if (entries.length === 0) this.blocks.splice(b, 1);
  }

  deleteRange(gte: Uint8Array, lt: Uint8Array): void {
    for (const { key } of [...this.range({ gte, lt })]) this.delete(key);
  }

  #ownBlocks(): Block[] {
    if (this.#shared) this.blocks = [...this.blocks];
    this.#shared = false;
    return this.blocks;
  }

  #writable(b: number): StorageEntry[] {
    this.#ownBlocks();
    const block = this.blocks[b];
    if (block?.epoch === this.#epoch) return block.entries;
    const copy = { epoch: this.#epoch, entries: [...(block?.entries ?? [])] };
    this.blocks[b] = copy;
    return copy.entries;
  }
}

/** Index of the first entry not below `key`. */
function lowerBound(entries: readonly StorageEntry[], key: Uint8Array): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((entries[middle] as StorageEntry).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function eachTable<Value>(make: (name: Table) => Value): Readonly<Record<Table, Value>> {
  return Object.fromEntries(TABLES.map((name) => [name, make(name)])) as Record<Table, Value>;
}
