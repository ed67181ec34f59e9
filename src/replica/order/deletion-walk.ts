/** A slow walk over the records of one view, a page at a time and round and round: finds keys that are deleted. */
import { LIMITS } from '../../base/limits.js';
import type { StateEntry } from '../../base/state-table.js';
import { decodeRecord } from '../../keyspace/key-record.js';
import { guardCorruption } from '../stored-state.js';

/** The records from `gte` on, in key order; from the first if it is undefined. */
type RecordsFrom = (gte: Uint8Array | undefined) => Iterable<StateEntry>;

export class DeletionWalk {
  readonly #recordsFrom: RecordsFrom;
  /** Where the next page begins. */
  #from: Uint8Array | undefined;

  constructor(recordsFrom: RecordsFrom) {
    this.#recordsFrom = recordsFrom;
  }

  /** Storage keys of the next page's records that hold nothing but deletions. */
  next(): readonly Uint8Array[] {
    const deleted: Uint8Array[] = [];
    let count = 0;
    let bytes = 0;
    for (const { key, value } of this.#recordsFrom(this.#from)) {
      if (count >= LIMITS.auditPageMaxKeys || bytes > LIMITS.listPageMaxBytes) {
        this.#from = key;
        return deleted;
      }
      count += 1;
      bytes += value.length;
      const record = guardCorruption('record', () => decodeRecord(value));
      if (record.every(({ kind }) => kind === 'tombstone')) deleted.push(key);
    }
    this.#from = undefined;
    return deleted;
  }
}
