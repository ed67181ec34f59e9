/**
 * Opening the log: what is there must be one unbroken log that fits the state made of it, or the replica does not start.
 *
 * Checked at once, however long the log is: that no entry is missing (their number fits their range), that what is
 * committed or applied is there, the checksums of head and base, and the last entries one by one. The checksum of every
 * other entry is checked whenever it is read; all that the state still lacks are read right after the start.
 */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { type MemberId, NOBODY } from '../../consensus/configuration.js';
import type { StorageReader } from '../../ports/storage.js';
import { guardCorruption } from '../stored-state.js';
import {
  BASE_KEY,
  decodeBase,
  decodeHead,
  decodeRecord,
  ENTRIES_FROM,
  ENTRIES_TO,
  entryKey,
  HEAD_KEY,
  indexOfKey,
  type LogBase,
  type LogHead,
  type LogRecord,
} from './raft-rows.js';

export interface OpenedLog {
  readonly head: LogHead;
  readonly base: LogBase;
  /** Whether anything was ever written. */
  readonly isWritten: boolean;
  /** Of the whole log since it was founded, as far as it is here. */
  readonly totalBytes: number;
  /** Where configurations are behind the snapshot, oldest first. */
  readonly configurations: readonly number[];
}

/** The checked tail ends early rather than take more memory than this. */
const TAIL_MAX_BYTES = 16 * 1024 * 1024;
const HEAD_ROWS = 2;

/**
 * @param applied the last entry that the durable state contains
 * @throws CausewayError `data-dir-corrupt`
 */
export function openLog(reader: StorageReader, self: MemberId, applied: number): OpenedLog {
  const headBytes = reader.get('log', HEAD_KEY);
  const baseBytes = reader.get('log', BASE_KEY);
  if (headBytes === undefined || baseBytes === undefined) return openBlank(reader, self, applied);
  const head = guardCorruption('head of the log', () => decodeHead(headBytes));
  const base = guardCorruption('base of the log', () => decodeBase(baseBytes));
  if (base.self !== self) throw corruptLog(`the log is of ${base.self}, and this is ${self}`);
  checkBounds(head, base, applied);
  checkExtent(reader, head, base);
  const last = checkTail(reader, head, base);
  const configurations = configurationsOf(reader, base, last);
  return { head, base, isWritten: true, totalBytes: last?.totalBytes ?? base.totalBytes, configurations };
}

/** @throws CausewayError `data-dir-corrupt` if the entry is missing or damaged */
export function readRecord(reader: StorageReader, index: number): LogRecord {
  const bytes = reader.get('log', entryKey(index));
  if (bytes === undefined) throw corruptLog(`entry ${index} of the log is missing`);
  return checkRecord(index, bytes);
}

/** @throws CausewayError `data-dir-corrupt` */
export function checkRecord(index: number, bytes: Uint8Array): LogRecord {
  return guardCorruption(`entry ${index} of the log`, () => decodeRecord(index, bytes));
}

export function corruptLog(detail: string): CausewayError {
  return new CausewayError('data-dir-corrupt', detail);
}

function openBlank(reader: StorageReader, self: MemberId, applied: number): OpenedLog {
  if (reader.count('log') > 0) throw corruptLog('the log has entries, but its head or base is missing');
  if (applied > 0) throw corruptLog(`the state is at entry ${applied} of the log, and the log is missing`);
  const snapshot = { index: 0, term: 0, configuration: NOBODY, sizeBytes: 0, checksum: 0 };
  return {
    head: { hardState: { term: 0, votedFor: undefined, commit: 0 }, lastIndex: 0 },
    base: { self, index: 0, term: 0, totalBytes: 0, snapshot },
    isWritten: false,
    totalBytes: 0,
    configurations: [],
  };
}

function checkBounds({ hardState, lastIndex }: LogHead, { index, snapshot }: LogBase, applied: number): void {
  if (lastIndex < index) throw corruptLog(`the log ends at entry ${lastIndex} and begins behind ${index}`);
  if (hardState.commit > lastIndex) {
    throw corruptLog(`entry ${hardState.commit} of the log is committed, and the log ends at ${lastIndex}`);
  }
  if (applied > lastIndex) throw corruptLog(`the state is at entry ${applied}, and the log ends at ${lastIndex}`);
  if (snapshot.index < index || applied < snapshot.index) {
    throw corruptLog(
      `the log begins behind entry ${index}, its snapshot is of ${snapshot.index}, the state of ${applied}`,
    );
  }
}

/** No entry is missing and none is there that should not be; what compaction has not deleted yet may be. */
function checkExtent(reader: StorageReader, { lastIndex }: LogHead, { index: base }: LogBase): void {
  let leftovers = 0;
  for (const _ of reader.range('log', { gte: ENTRIES_FROM, lt: entryKey(base + 1) })) leftovers += 1;
  const count = reader.count('log') - HEAD_ROWS - leftovers;
  const isDense = count === lastIndex - base;
  if (isDense && (count === 0 || lastKeyIndex(reader) === lastIndex)) return;
  let next = base + 1;
  for (const { key } of reader.range('log', { gte: entryKey(next), lt: ENTRIES_TO })) {
    const found = guardCorruption('key of an entry of the log', () => indexOfKey(key));
    if (found > lastIndex) throw corruptLog(`the log ends at entry ${lastIndex}, and there is an entry ${found}`);
    if (found !== next) break;
    next += 1;
  }
  if (next <= lastIndex) throw corruptLog(`entry ${next} of the log is missing`);
  throw corruptLog('the log has rows that are not its own');
}

function lastKeyIndex(reader: StorageReader): number | undefined {
  for (const { key } of reader.range('log', { gte: ENTRIES_FROM, lt: ENTRIES_TO, reverse: true })) {
    return guardCorruption('key of the last entry of the log', () => indexOfKey(key));
  }
  return undefined;
}

/** Reads the last entries, newest first; returns the last one. */
function checkTail(reader: StorageReader, { lastIndex }: LogHead, base: LogBase): LogRecord | undefined {
  const from = Math.max(base.index + 1, lastIndex - LIMITS.raftVerifiedTailEntries + 1);
  let last: LogRecord | undefined;
  let later: { readonly term: number; readonly before: number } | undefined;
  let bytes = 0;
  for (const { key, value } of reader.range('log', { gte: entryKey(from), lt: ENTRIES_TO, reverse: true })) {
    const index = indexOfKey(key);
    const record = checkRecord(index, value);
    const { term } = record.entry;
    if (later !== undefined && (later.term < term || later.before !== record.totalBytes)) {
      throw corruptLog(`entry ${index + 1} of the log does not follow entry ${index}`);
    }
    last ??= record;
    later = { term, before: record.totalBytes - value.length };
    bytes += value.length;
    if (bytes > TAIL_MAX_BYTES) return last;
  }
  const first = from === base.index + 1 ? later : undefined;
  if (first !== undefined && (first.term < base.term || first.before !== base.totalBytes)) {
    throw corruptLog(`entry ${from} of the log does not follow entry ${base.index}`);
  }
  return last;
}

/** Each entry names the one before it that is a configuration. */
function configurationsOf(reader: StorageReader, { snapshot }: LogBase, last: LogRecord | undefined): number[] {
  const found: number[] = [];
  let record = last;
  while (record !== undefined) {
    const { entry, configurationIndex }: LogRecord = record;
    if (entry.kind === 'configuration' && entry.index > snapshot.index) found.unshift(entry.index);
    if (configurationIndex <= snapshot.index) return found;
    if (configurationIndex >= entry.index)
      throw corruptLog(`entry ${entry.index} of the log names a later one as earlier`);
    record = readRecord(reader, configurationIndex);
    if (record.entry.kind !== 'configuration') {
      throw corruptLog(`entry ${configurationIndex} of the log is named as a configuration, which it is not`);
    }
  }
  return found;
}
