/**
 * The whole ordered state - records, outcomes, coordination objects, progress - as pages of its sorted table. Whoever
 * restores one empties the table first and writes the pages in order; the progress is the last key, so that a table
 * without it is one whose restore was interrupted.
 */
import { ByteReader, ByteWriter, compareBytes, DecodeError, utf8Decode } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import { LIMITS } from '../../base/limits.js';
import { STATE_AREAS, type StateEntry, type StateReader, type StateWrite } from '../../base/state-table.js';
import { decodeRecord } from '../key-record.js';
import type { Coordinator } from './coordinator.js';
import { decodeForgotten, decodeProgress } from './progress.js';
import { decodeStoredOutcome } from './retries.js';
import { FORGOTTEN_KEY, indexOfRetryQueue, keyOfRecord, PROGRESS_KEY } from './state-keys.js';

export interface SnapshotPage {
  /** Ascending. */
  readonly entries: readonly StateEntry[];
  /** There is more: ask for what comes after the last key. */
  readonly more: boolean;
}

const FIRST = Uint8Array.of(0);
const LAST = Uint8Array.of(STATE_AREAS.progress, 2);
const KEY_MAX_BYTES = 1_978;
const VALUE_MAX_BYTES = 8 * 1024 * 1024;

/** The page after the key `after`, of at least one entry if there is any. All pages are read from one unchanging state. */
export function readPage(
  state: StateReader,
  after: Uint8Array | undefined,
  maxBytes: number = LIMITS.snapshotPageMaxBytes,
  maxEntries: number = LIMITS.snapshotPageMaxEntries,
): SnapshotPage {
  const entries: StateEntry[] = [];
  let bytes = 0;
  for (const entry of state.range(after === undefined ? FIRST : Uint8Array.of(...after, 0), LAST)) {
    bytes += entry.key.length + entry.value.length;
    if (entries.length > 0 && (bytes > maxBytes || entries.length >= maxEntries)) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

export function encodePage({ entries, more }: SnapshotPage): Uint8Array {
  const size = entries.reduce((sum, { key, value }) => sum + key.length + value.length + 12, 16);
  const writer = new ByteWriter(size).flag(more).varuint(entries.length);
  for (const { key, value } of entries) writer.bytes(key).bytes(value);
  return writer.u32(crc32(writer.finish())).finish();
}

/**
 * The page that `encodePage` wrote; every entry of it can be applied to. `after` is the last key of the page before.
 * @throws DecodeError if it is none, does not follow `after`, or holds what is no state
 */
export function decodePage(bytes: Uint8Array, after: Uint8Array | undefined, coordinator: Coordinator): SnapshotPage {
  if (bytes.length < 4) throw new DecodeError('truncated');
  const body = bytes.subarray(0, bytes.length - 4);
  if (new ByteReader(bytes.subarray(body.length)).u32() !== crc32(body)) throw new DecodeError('checksum of a page');
  const reader = new ByteReader(body);
  const more = reader.flag();
  const entries: StateEntry[] = [];
  const count = reader.count();
  for (let i = 0; i < count; i += 1) {
    const entry = { key: reader.bytes(KEY_MAX_BYTES), value: reader.bytes(VALUE_MAX_BYTES) };
    const previous = entries[i - 1]?.key ?? after;
    if (previous !== undefined && compareBytes(previous, entry.key) >= 0) throw new DecodeError('page is not sorted');
    checkEntry(entry, coordinator);
    entries.push(entry);
  }
  reader.end();
  checkEnd(entries, more);
  return { entries, more };
}

/** What storing a page writes. */
export function restoreWrites({ entries }: SnapshotPage): readonly StateWrite[] {
  return entries;
}

/** The last page of a state of any entry ends with its progress; a page with more to come does not have it. */
function checkEnd(entries: readonly StateEntry[], more: boolean): void {
  const last = entries[entries.length - 1]?.key;
  const isWhole = last !== undefined && compareBytes(last, PROGRESS_KEY) === 0;
  if (more === isWhole) throw new DecodeError(more ? 'page after the last' : 'last page without its end');
}

function checkEntry({ key, value }: StateEntry, coordinator: Coordinator): void {
  switch (key[0]) {
    case STATE_AREAS.records:
      if (keyOfRecord(key) === '') throw new DecodeError('record of the empty key');
      decodeRecord(value);
      return;
    case STATE_AREAS.retries:
      utf8Decode(key.subarray(1));
      decodeStoredOutcome(value);
      return;
    case STATE_AREAS.retryQueue:
      indexOfRetryQueue(key);
      utf8Decode(value);
      return;
    case STATE_AREAS.coordination:
      coordinator.checkEntry(key, value);
      return;
    case STATE_AREAS.progress:
      if (compareBytes(key, PROGRESS_KEY) === 0) decodeProgress(value);
      else if (compareBytes(key, FORGOTTEN_KEY) === 0) decodeForgotten(value);
      else throw new DecodeError('unknown progress');
      return;
    default:
      throw new DecodeError(`unknown area ${key[0]}`);
  }
}
