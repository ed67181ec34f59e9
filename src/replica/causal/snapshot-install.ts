/** Merges one page of a peer's snapshot into the keyspace, as a part of a storage transaction. */
import { utf8Decode } from '../../base/bytes.js';
import type { Dot } from '../../clocks/dot.js';
import { decodeBody } from '../../keyspace/group-body.js';
import { decodeRecord, mergeRecords, NO_VERSIONS, uniteTwins } from '../../keyspace/key-record.js';
import { decodeRetryEntry, dotsOfRetry, encodeRetryEntry, joinRetries } from '../../keyspace/retry-entry.js';
import type { StorageEntry, StorageRange, StorageReader, StorageWrite } from '../../ports/storage.js';
import type { InstallStep } from '../../replication/causal-plane.js';
import type { SnapshotPageMessage } from '../../replication/messages.js';
import { guardCorruption } from '../stored-state.js';
import type { KeyspaceTurn } from './keyspace-turn.js';
import { readOperations } from './operation-log.js';
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
    return page.entries.flatMap((entry) => installRetry(entry, turn, storage));
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

/**
 * The records come before the outcomes, so those of a request that was applied on both sides, unknown to each other,
 * were merged as if they were two writes. Only our own outcome tells that they are one, and our operation log where.
 */
function installRetry(theirs: StorageEntry, turn: KeyspaceTurn, storage: StorageReader): StorageWrite[] {
  const { key } = theirs;
  const stored = storage.get('retries', key);
  if (stored === undefined) return [{ kind: 'put', table: 'retries', key, value: theirs.value }];
  const mine = guardCorruption('retry entry', () => decodeRetryEntry(stored));
  const joined = joinRetries(mine, decodeRetryEntry(theirs.value));
  if (joined === mine) return [];
  const dots = dotsOfRetry(joined);
  for (const name of keysOf(mine.dot, storage)) turn.put(name, uniteTwins(turn.record(name), dots));
  return [{ kind: 'put', table: 'retries', key, value: encodeRetryEntry(joined) }];
}

/** The keys that the group `dot` wrote. None if it is no longer in the operation log: then every member had it. */
function keysOf({ origin, counter }: Dot, storage: StorageReader): string[] {
  const groups = readOperations(storage, [{ origin, have: counter - 1, need: counter }]);
  return groups.flatMap((group) => decodeBody(group.body).ops.map((op) => op.key));
}
