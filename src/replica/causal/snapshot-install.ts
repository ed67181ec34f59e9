/** Merges one page of a peer's snapshot into the keyspace, as a part of a storage transaction. */
import { utf8Decode } from '../../base/bytes.js';
import { decodeRecord, mergeRecords, NO_VERSIONS } from '../../keyspace/key-record.js';
import { decodeRetryEntry } from '../../keyspace/retry-entry.js';
import type { StorageRange, StorageReader, StorageWrite } from '../../ports/storage.js';
import type { InstallStep } from '../../replication/causal-plane.js';
import type { SnapshotPageMessage } from '../../replication/messages.js';
import type { KeyspaceTurn } from './keyspace-turn.js';
import { after } from './snapshot-server.js';

/** @throws DecodeError if an entry is not what its table holds; checked before the page reaches the plane. */
export function validatePage(page: SnapshotPageMessage): void {
  for (const entry of page.entries) {
    utf8Decode(entry.key);
    if (page.cursor.table === 'keyspace') decodeRecord(entry.value);
    else decodeRetryEntry(entry.value);
  }
}

/** Puts the merged records into `turn`; returns the writes that go beside it. */
export function installPage(step: InstallStep, turn: KeyspaceTurn, storage: StorageReader): StorageWrite[] {
  const { page } = step;
  if (page.cursor.table === 'retries') {
    return page.entries
      .filter((entry) => storage.get('retries', entry.key) === undefined)
      .map((entry) => ({ kind: 'put', table: 'retries', key: entry.key, value: entry.value }));
  }
  const theirs = new Map(page.entries.map((entry) => [utf8Decode(entry.key), decodeRecord(entry.value)]));
  const mine = [...storage.range('keyspace', pageRange(page))].map((entry) => utf8Decode(entry.key));
  for (const key of new Set([...theirs.keys(), ...mine])) {
    turn.put(key, mergeRecords(turn.record(key), step.own, theirs.get(key) ?? NO_VERSIONS, page.vector));
  }
  return [];
}

/** Every key the page speaks of, those it is silent about included: they are absent in the snapshot. */
function pageRange(page: SnapshotPageMessage): StorageRange {
  const gte = page.cursor.after === undefined ? {} : { gte: after(page.cursor.after) };
  const last = page.next?.table === 'keyspace' ? page.next.after : undefined;
  return last === undefined ? gte : { ...gte, lt: after(last) };
}
