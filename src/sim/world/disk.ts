/** What of a machine outlives its processes: the rows that are durable. One storage at a time is open on a disk. */
import { unreachable } from '../../base/assert.js';
import { type StorageReader, type StorageWrite, TABLES, type Table } from '../../ports/storage.js';
import { SortedRows } from './sorted-rows.js';

export type Tables = Readonly<Record<Table, SortedRows>>;

export class SimDisk {
  readonly tables: Tables;
  /** Told of every transaction that has become durable. */
  onDurable: (writes: readonly StorageWrite[]) => void = () => {};

  constructor(tables: Tables = eachTable(() => new SortedRows())) {
    this.tables = tables;
  }

  /** What is durable, for whoever looks on. */
  get reader(): StorageReader {
    const { tables } = this;
    return {
      get: (table, key) => tables[table].get(key),
      range: (table, range) => tables[table].range(range),
      count: (table) => tables[table].count,
    };
  }

  /** One transaction becomes durable. A disk owns its bytes. */
  apply(writes: readonly StorageWrite[]): void {
    for (const write of writes) {
      const table = this.tables[write.table];
      if (write.kind === 'put') table.put(write.key.slice(), write.value.slice());
      else if (write.kind === 'delete') table.delete(write.key);
      else if (write.kind === 'delete-range') table.deleteRange(write.gte, write.lt);
      else unreachable(write);
    }
    this.onDurable(writes);
  }

  /** A disk with the same rows, which nobody looks at yet. */
  copy(): SimDisk {
    return new SimDisk(eachTable((name) => this.tables[name].freeze()));
  }

  /** The rows of a table as one text, for comparing replicas byte by byte. */
  text(name: Table): string {
    const lines: string[] = [];
    for (const { key, value } of this.tables[name].range({})) {
      lines.push(`${Buffer.from(key).toString('latin1')}\0${Buffer.from(value).toString('latin1')}`);
    }
    return lines.join('\n');
  }
}

export function eachTable<Value>(make: (name: Table) => Value): Readonly<Record<Table, Value>> {
  return Object.fromEntries(TABLES.map((name) => [name, make(name)])) as Record<Table, Value>;
}
