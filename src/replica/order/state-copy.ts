/**
 * A copy of the durable ordered state, as a stream of framed pages: the length of a page in four bytes, then the page.
 * It is read from a snapshot of storage when it is asked for, so it costs nothing to have and is the same every time.
 */
import { ByteWriter } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { readProgress } from '../../keyspace/ordered/progress.js';
import { encodePage, readPage } from '../../keyspace/ordered/snapshot.js';
import type { Storage } from '../../ports/storage.js';
import { guardCorruption } from '../stored-state.js';
import type { StateCopy } from './ordered-state.js';
import { activeTable, StoredTable } from './state-tables.js';

export function copyState(storage: Storage): StateCopy {
  const snapshot = storage.snapshot();
  const state = new StoredTable(snapshot, activeTable(snapshot));
  return {
    index: guardCorruption('progress of the ordered state', () => readProgress(state)).applied,
    pieces: () => piecesOf(state),
    close: () => snapshot.close(),
  };
}

function* piecesOf(state: StoredTable): Generator<Uint8Array, undefined> {
  for (let after: Uint8Array | undefined, more = true; more; ) {
    const page = readPage(state, after);
    const encoded = encodePage(page);
    const framed = new ByteWriter(encoded.length + 4).u32(encoded.length).raw(encoded).finish();
    for (let from = 0; from < framed.length; from += LIMITS.snapshotPageMaxBytes) {
      yield framed.subarray(from, from + LIMITS.snapshotPageMaxBytes);
    }
    after = page.entries[page.entries.length - 1]?.key;
    more = page.more;
  }
  return undefined;
}
