/** Keys in both views at once, in byte order: what a page of a linearizable list shows, and what it must adopt before. */
import { compareBytes, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { StateReader } from '../../base/state-table.js';
import { decodeRecord, isLive, type KeyRecord, NO_VERSIONS } from '../../keyspace/key-record.js';
import { type Adoption, adopt, adoptable } from '../../keyspace/ordered/adoption.js';
import { readForgotten } from '../../keyspace/ordered/progress.js';
import { keyOfRecord, recordKey, recordRange } from '../../keyspace/ordered/state-keys.js';
import type { StorageReader } from '../../ports/storage.js';
import { after as keyAfter } from '../causal/snapshot-server.js';
import { type ListSource, storedKeys } from '../requests/list-source.js';
import { guardCorruption } from '../stored-state.js';

export interface BothViews {
  readonly key: string;
  readonly ordered: KeyRecord;
  readonly causal: KeyRecord;
}

export interface JudgedPage {
  readonly adoptions: readonly Adoption[];
  /** Keys that will show a value once these are adopted. */
  readonly live: number;
  /** The last key that was judged; undefined if there is none after it. */
  readonly until: string | undefined;
}

/** Records of the ordered view under `prefix`, after the key `after` and up to `until`. */
export function* orderedKeys(state: StateReader, prefix: string, after: string, until?: string): ListSource {
  const { gte, lt } = recordRange(prefix);
  const behind = keyAfter(recordKey(after));
  const from = after !== '' && compareBytes(behind, gte) > 0 ? behind : gte;
  const end = until === undefined ? lt : keyAfter(recordKey(until));
  if (compareBytes(from, end) >= 0) return;
  for (const { key, value } of state.range(from, end)) {
    const record = guardCorruption('ordered record', () => decodeRecord(value));
    yield { key: keyOfRecord(key), record };
  }
}

/** Every key that either view knows. */
export function* keysOfBothViews(
  storage: StorageReader,
  state: StateReader,
  prefix: string,
  after: string,
): Generator<BothViews> {
  const ordered = orderedKeys(state, prefix, after)[Symbol.iterator]();
  const causal = storedKeys(storage, prefix, after)[Symbol.iterator]();
  let left = ordered.next();
  let right = causal.next();
  while (left.done !== true || right.done !== true) {
    const order = left.done === true ? 1 : right.done === true ? -1 : compareKeys(left.value.key, right.value.key);
    yield {
      key: order <= 0 ? (left.value as { key: string }).key : (right.value as { key: string }).key,
      ordered: order <= 0 ? (left.value as { record: KeyRecord }).record : NO_VERSIONS,
      causal: order >= 0 ? (right.value as { record: KeyRecord }).record : NO_VERSIONS,
    };
    if (order <= 0) left = ordered.next();
    if (order >= 0) right = causal.next();
  }
}

/** What a page of up to `limit` live keys must adopt. It ends early as a page does: when large, or past many keys. */
export function judgePage(source: Iterable<BothViews>, state: StateReader, limit: number): JudgedPage {
  const forgotten = guardCorruption('ordered state', () => readForgotten(state));
  const adoptions: Adoption[] = [];
  let live = 0;
  let bytes = 0;
  let scanned = 0;
  let last: string | undefined;
  for (const { key, ordered, causal } of source) {
    const versions = adoptable(ordered, causal, forgotten);
    const record = versions.length === 0 ? ordered : adopt(ordered, versions, forgotten);
    const isFull = live >= limit || bytes >= LIMITS.listPageMaxBytes;
    if ((isFull && isLive(record)) || scanned >= LIMITS.listScanMaxKeys) return { adoptions, live, until: last };
    scanned += 1;
    last = key;
    if (versions.length > 0) adoptions.push({ key, versions });
    if (!isLive(record)) continue;
    live += 1;
    for (const version of record) bytes += version.kind === 'value' ? version.bytes.length : 0;
  }
  return { adoptions, live, until: undefined };
}

function compareKeys(a: string, b: string): number {
  return a === b ? 0 : compareBytes(utf8Encode(a), utf8Encode(b));
}
