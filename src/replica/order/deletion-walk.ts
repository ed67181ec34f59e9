/**
 * A slow walk over the records of one view, a page at a time and round and round: finds keys that are deleted. Once it
 * has come round, what is deleted later is heard of in other ways, so that it may go on more slowly.
 */
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
  /** Ends of the table to come to before every record was seen. */
  #roundsLeft = 1;

  constructor(recordsFrom: RecordsFrom) {
    this.#recordsFrom = recordsFrom;
  }

  /** It has seen every record that was there when it began, or when `unsettle` was called. */
  get isRound(): boolean {
    return this.#roundsLeft === 0;
  }

  /** Deletions have come that nobody was told of. */
  unsettle(): void {
    this.#roundsLeft = this.#from === undefined ? 1 : 2;
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
    this.#roundsLeft = Math.max(0, this.#roundsLeft - 1);
    return deleted;
  }
}
