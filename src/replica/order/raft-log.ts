/**
 * The durable log in the table `log`: how the core reads it, and the writes that change it. What is issued runs ahead of
 * what is durable: writes are made up in their order and reported as stored later; reads show what is durable.
 *
 * Each entry names the configuration entry before it and the bytes of the log up to it, so that a long log is opened by
 * reading its ends, and compaction finds its place, without an index of either.
 */
import { assert } from '../../base/assert.js';
import { type MemberId, type Membership, makeConfiguration } from '../../consensus/configuration.js';
import { type ConfigurationEntry, type Entry, entrySizeBytes } from '../../consensus/entry.js';
import type { LogReader, SnapshotMeta } from '../../consensus/log-reader.js';
import type { HardState, Write } from '../../consensus/raft-types.js';
import type { Storage, StorageWrite } from '../../ports/storage.js';
import { checkRecord, corruptLog, openLog, readRecord } from './raft-log-check.js';
import {
  BASE_KEY,
  ENTRIES_FROM,
  ENTRIES_TO,
  encodeBase,
  encodeHead,
  encodeRecord,
  entryKey,
  HEAD_KEY,
  indexOfKey,
  type LogBase,
} from './raft-rows.js';

/** Writes to the base of the log, and what to call once they are durable. */
export interface BaseChange {
  readonly writes: readonly StorageWrite[];
  readonly stored: () => void;
}

/** Forget everything of the order. */
export const WIPE_LOG: StorageWrite = {
  kind: 'delete-range',
  table: 'log',
  gte: Uint8Array.of(0),
  lt: Uint8Array.of(0xff),
};

export class RaftLogStore implements LogReader {
  readonly #storage: Storage;
  #hardState: HardState;
  /** As reads see it. */
  #base: LogBase;
  /** Bases that writes under way bring, by number of the write. */
  readonly #issuedBases = new Map<number, LogBase>();
  /** The end of the log as issued, its bytes, and the configurations in it. */
  #last: number;
  #totalBytes: number;
  #configurations: number[];
  #isWritten: boolean;
  /** Of entries that are not durable yet: the total up to them, and the write that carries them. */
  readonly #issued = new Map<number, { readonly totalBytes: number; readonly number: number }>();

  /** @throws CausewayError `data-dir-corrupt` */
  constructor(storage: Storage, self: MemberId, applied: number) {
    const { head, base, isWritten, totalBytes, configurations } = openLog(storage, self, applied);
    this.#storage = storage;
    this.#hardState = head.hardState;
    this.#base = base;
    this.#last = head.lastIndex;
    this.#totalBytes = totalBytes;
    this.#configurations = [...configurations];
    this.#isWritten = isWritten;
  }

  /** As of the last write that was reported as stored. */
  get hardState(): HardState {
    return this.#hardState;
  }

  snapshot(): SnapshotMeta {
    return this.#base.snapshot;
  }

  firstIndex(): number {
    return this.#base.index + 1;
  }

  lastIndex(): number {
    return this.#last;
  }

  term(index: number): number {
    const { index: base, term } = this.#base;
    return index === base ? term : readRecord(this.#storage, index).entry.term;
  }

  entries(from: number, to: number, maxBytes: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (const { key, value } of this.#storage.range('log', { gte: entryKey(from), lt: entryKey(to) })) {
      const index = from + found.length;
      if (indexOfKey(key) !== index) break;
      const { entry } = checkRecord(index, value);
      bytes += entrySizeBytes(entry);
      if (bytes > maxBytes && found.length > 0) return found;
      found.push(entry);
    }
    if (found.length < to - from) throw corruptLog(`entry ${from + found.length} of the log is missing`);
    return found;
  }

  configurationEntries(): readonly ConfigurationEntry[] {
    return this.#configurations.map((index) => {
      const { entry } = readRecord(this.#storage, index);
      if (entry.kind !== 'configuration') throw corruptLog(`entry ${index} of the log is no configuration any more`);
      return entry;
    });
  }

  /** Bytes of all entries that are here, those on their way to disk included. */
  get sizeBytes(): number {
    return this.#totalBytes - this.#base.totalBytes;
  }

  get lengthEntries(): number {
    return this.#last - this.#base.index;
  }

  /** The write of the core as writes to storage. To be committed in the order of the calls. */
  issue(write: Write): StorageWrite[] {
    const { number, hardState, snapshot, truncateFrom, entries } = write;
    const writes: StorageWrite[] = [];
    if (snapshot !== undefined) writes.push(...this.#restart(number, snapshot));
    else if (!this.#isWritten) writes.push(baseWrite(this.#base));
    this.#isWritten = true;
    if (truncateFrom !== undefined) writes.push(this.#truncate(truncateFrom));
    for (const entry of entries) writes.push(this.#append(number, entry));
    writes.push(headWrite(hardState, this.#last));
    return writes;
  }

  /** A write of the core is durable: reads see it. */
  stored({ number, hardState, entries }: Write): void {
    this.#hardState = hardState;
    for (const { index } of entries) if (this.#issued.get(index)?.number === number) this.#issued.delete(index);
    const base = this.#issuedBases.get(number);
    if (base !== undefined) this.#base = base;
    this.#issuedBases.delete(number);
  }

  /** Begin with these members and nothing else. Only while nothing was ever written. */
  found(membership: Membership): BaseChange {
    assert(!this.#isWritten, 'a log is founded that exists', { last: this.#last });
    this.#isWritten = true;
    const snapshot = { ...this.#base.snapshot, configuration: makeConfiguration(membership) };
    return this.#changeBase({ ...this.#base, snapshot }, [headWrite(this.#hardState, 0)]);
  }

  /** What the state was copied to. */
  describe(snapshot: SnapshotMeta): BaseChange {
    return this.#changeBase({ ...this.#base, snapshot }, []);
  }

  /**
   * Let the log begin behind `index`; `snapshot` says what is there. The entries themselves go with the next step: until
   * this one is durable the core may still read them.
   */
  compact(index: number, snapshot: SnapshotMeta): BaseChange {
    const { entry, totalBytes } = readRecord(this.#storage, index);
    const behind: StorageWrite = {
      kind: 'delete-range',
      table: 'log',
      gte: ENTRIES_FROM,
      lt: entryKey(this.#base.index + 1),
    };
    return this.#changeBase({ ...this.#base, index, term: entry.term, totalBytes, snapshot }, [behind]);
  }

  /** The least index behind which at most `maxEntries` and `maxBytes` are left up to `end`, which is durable. */
  indexBefore(end: number, maxEntries: number, maxBytes: number): number {
    const total = this.#totalUpTo(end);
    let low = Math.max(this.#base.index, end - maxEntries);
    let high = end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (total - this.#totalUpTo(middle) <= maxBytes) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #restart(number: number, snapshot: SnapshotMeta): StorageWrite[] {
    const { index, term } = snapshot;
    const base = { ...this.#base, index, term, totalBytes: this.#totalBytes, snapshot };
    this.#issuedBases.set(number, base);
    this.#last = index;
    this.#configurations = [];
    return [{ kind: 'delete-range', table: 'log', gte: ENTRIES_FROM, lt: ENTRIES_TO }, baseWrite(base)];
  }

  #truncate(from: number): StorageWrite {
    const behind = this.#last + 1;
    this.#last = from - 1;
    this.#totalBytes = this.#totalUpTo(this.#last);
    while ((this.#configurations.at(-1) ?? 0) >= from) this.#configurations.pop();
    for (let index = from; index < behind; index += 1) this.#issued.delete(index);
    return { kind: 'delete-range', table: 'log', gte: entryKey(from), lt: entryKey(behind) };
  }

  #append(number: number, entry: Entry): StorageWrite {
    const { index } = entry;
    assert(index === this.#last + 1, 'the log on disk would have a hole', { index, last: this.#last });
    const value = encodeRecord(entry, this.#configurations.at(-1) ?? 0, this.#totalBytes);
    this.#last = index;
    this.#totalBytes += value.length;
    this.#issued.set(index, { totalBytes: this.#totalBytes, number });
    if (entry.kind === 'configuration') this.#configurations.push(index);
    return { kind: 'put', table: 'log', key: entryKey(index), value };
  }

  #totalUpTo(index: number): number {
    const issued = this.#issued.get(index);
    if (issued !== undefined) return issued.totalBytes;
    const base = [...this.#issuedBases.values()].at(-1) ?? this.#base;
    return index === base.index ? base.totalBytes : readRecord(this.#storage, index).totalBytes;
  }

  #changeBase(base: LogBase, writes: readonly StorageWrite[]): BaseChange {
    const stored = () => {
      this.#base = base;
      this.#configurations = this.#configurations.filter((index) => index > base.snapshot.index);
    };
    return { writes: [...writes, baseWrite(base)], stored };
  }
}

function baseWrite(base: LogBase): StorageWrite {
  return { kind: 'put', table: 'log', key: BASE_KEY, value: encodeBase(base) };
}

function headWrite(hardState: HardState, lastIndex: number): StorageWrite {
  return { kind: 'put', table: 'log', key: HEAD_KEY, value: encodeHead({ hardState, lastIndex }) };
}
