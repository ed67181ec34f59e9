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

  /** @param keysBelow The keys that are there without this table, in the tables and the store it lies over. */
  apply(
    writes: readonly StorageWrite[],
    keysBelow: (table: Table, range: StorageRange) => readonly Uint8Array[],
  ): void {
    for (const write of writes) {
      const rows = this.tables[write.table];
      if (write.kind === 'put') rows.put(write.key, write.value, hashBytes(write.key));
      else if (write.kind === 'delete') bury(rows, write.key);
      else {
        const range = { gte: write.gte, lt: write.lt };
        // What nobody below knows needs no tombstone: what was put and deleted in between never gets to the store.
        rows.clear(range);
        for (const key of keysBelow(write.table, range)) bury(rows, key);
      }
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
