/** What was written lately and is in a log but not in the store: tables in which a deletion is a row as well. */
import type { StorageRange, StorageWrite, Table } from '../ports/storage.js';
import { hashBytes } from './key-index.js';
import { RecentRows, type RowsReader } from './recent-rows.js';
import { eachTable } from './sorted-table.js';

/** The value of a key that was deleted: known by its identity, not by its having no bytes. */
export const TOMBSTONE: Uint8Array = new Uint8Array(0);

export type RecentTables = Readonly<Record<Table, RowsReader>>;

export class Memtable {
  readonly tables: Readonly<Record<Table, RecentRows>> = eachTable(() => new RecentRows());

  get isEmpty(): boolean {
    return Object.values(this.tables).every(({ count }) => count === 0);
  }

  /** @param keysIn The keys that are there after all writes before, this table's included. */
  apply(writes: readonly StorageWrite[], keysIn: (table: Table, range: StorageRange) => readonly Uint8Array[]): void {
    for (const write of writes) {
      const rows = this.tables[write.table];
      if (write.kind === 'put') rows.put(write.key, write.value, hashBytes(write.key));
      else if (write.kind === 'delete') bury(rows, write.key);
      else for (const key of keysIn(write.table, { gte: write.gte, lt: write.lt })) bury(rows, key);
    }
  }

  /** What is in it now, whatever is written later. */
  freeze(): RecentTables {
    return eachTable((name) => this.tables[name].freeze());
  }
}

function bury(rows: RecentRows, key: Uint8Array): void {
  rows.put(key, TOMBSTONE, hashBytes(key));
}

/** As writes to a store, in parts of bounded size: each key once, in order. The last part may be empty. */
export function* partsOf(
  tables: RecentTables,
  maxWrites: number,
  maxBytes: number,
): Generator<{ readonly writes: readonly StorageWrite[]; readonly last: boolean }> {
  let writes: StorageWrite[] = [];
  let bytes = 0;
  for (const table of Object.keys(tables) as Table[]) {
    for (const { key, value } of tables[table].range({})) {
      if (writes.length === maxWrites || bytes >= maxBytes) {
        yield { writes, last: false };
        writes = [];
        bytes = 0;
      }
      writes.push(value === TOMBSTONE ? { kind: 'delete', table, key } : { kind: 'put', table, key, value });
      bytes += key.length + value.length;
    }
  }
  yield { writes, last: true };
}
