/**
 * Where the ordered state lies in storage: one of two tables, and a mark that says which. A copy taken over from a peer
 * is written to the other one; moving the mark is the one small write that makes it the state.
 */
import { DecodeError, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { StateEntry, StateReader, StateWrite } from '../../base/state-table.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import { after } from '../causal/snapshot-server.js';
import { guardCorruption } from '../stored-state.js';

export const STATE_TABLES = ['ordered', 'ordered-b'] as const;
export type StateTable = (typeof STATE_TABLES)[number];

const MARK_KEY = utf8Encode('ordered-table');

/** The table in use. @throws CausewayError `data-dir-corrupt` */
export function activeTable(reader: StorageReader): StateTable {
  const mark = reader.get('meta', MARK_KEY);
  return mark === undefined ? STATE_TABLES[0] : guardCorruption('mark of the ordered table', () => decodeMark(mark));
}

function decodeMark(mark: Uint8Array): StateTable {
  const table = mark.length === 1 ? STATE_TABLES[mark[0] as number] : undefined;
  if (table === undefined) throw new DecodeError('no such table');
  return table;
}

export function otherTable(table: StateTable): StateTable {
  return table === STATE_TABLES[0] ? STATE_TABLES[1] : STATE_TABLES[0];
}

/** Makes `table` the one in use. */
export function markWrite(table: StateTable): StorageWrite {
  return { kind: 'put', table: 'meta', key: MARK_KEY, value: Uint8Array.of(STATE_TABLES.indexOf(table)) };
}

/** A table as a state. */
export class StoredTable implements StateReader {
  readonly #reader: StorageReader;
  readonly #table: StateTable;

  constructor(reader: StorageReader, table: StateTable) {
    this.#reader = reader;
    this.#table = table;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#reader.get(this.#table, key);
  }

  range(gte: Uint8Array, lt: Uint8Array): Iterable<StateEntry> {
    return this.#reader.range(this.#table, { gte, lt });
  }
}

export function tableWrite(table: StateTable, { key, value }: StateWrite): StorageWrite {
  return value === undefined ? { kind: 'delete', table, key } : { kind: 'put', table, key, value };
}

/** Deletes the first entries of `table`, as many as one turn can afford; undefined if it is empty. */
export function clearWrite(reader: StorageReader, table: StateTable): StorageWrite | undefined {
  let first: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  let count = 0;
  let bytes = 0;
  for (const { key, value } of reader.range(table, {})) {
    first ??= key;
    last = key;
    count += 1;
    bytes += value.length;
    if (count >= LIMITS.stateClearMaxKeys || bytes > LIMITS.turnMaxBytes) break;
  }
  if (first === undefined || last === undefined) return undefined;
  return { kind: 'delete-range', table, gte: first, lt: after(last) };
}
