/** A disk for one member of the total order: writes become durable one by one, and a crash loses those that did not. */
import { utf8Encode } from '../../src/base/bytes.js';
import { crc32 } from '../../src/base/checksum.js';
import { type Configuration, NOBODY } from '../../src/consensus/configuration.js';
import { type ConfigurationEntry, type Entry, entrySizeBytes } from '../../src/consensus/entry.js';
import type { LogReader, SnapshotMeta } from '../../src/consensus/log-reader.js';
import type { HardState, Staging, Write } from '../../src/consensus/raft-types.js';

export class RaftDisk implements LogReader {
  hardState: HardState = { term: 0, votedFor: undefined, commit: 0 };
  snapshotBytes: Uint8Array = new Uint8Array(0);
  #snapshot: SnapshotMeta;
  /** The index and term before the first entry. */
  #base = { index: 0, term: 0 };
  #entries: Entry[] = [];
  #pending: { readonly write: Write; readonly staged: Uint8Array | undefined }[] = [];
  #staging: { readonly snapshot: SnapshotMeta; readonly bytes: Uint8Array; filled: number } | undefined;

  constructor(founding: Configuration = NOBODY) {
    this.#snapshot = { index: 0, term: 0, configuration: founding, sizeBytes: 0, checksum: 0 };
  }

  /** Begin with a log whose entries have these terms. */
  fill(term: number, terms: readonly number[]): void {
    this.hardState = { term, votedFor: undefined, commit: 0 };
    this.#entries = terms.map((entryTerm, i) => ({
      kind: 'command',
      index: i + 1,
      term: entryTerm,
      bytes: utf8Encode(`${entryTerm}.${i + 1}`),
    }));
  }

  get pendingWrites(): number {
    return this.#pending.length;
  }

  stage(step: Staging): void {
    if (step.kind === 'discard') this.#staging = undefined;
    else if (step.kind === 'begin') {
      this.#staging = { snapshot: step.snapshot, bytes: new Uint8Array(step.snapshot.sizeBytes), filled: 0 };
    } else {
      const staging = this.#staging;
      if (staging === undefined || staging.filled !== step.offset) throw new Error('a chunk without its place');
      staging.bytes.set(step.bytes, step.offset);
      staging.filled += step.bytes.length;
    }
  }

  /** Returns the bytes of the snapshot the write takes over, if it does. */
  enqueue(write: Write): Uint8Array | undefined {
    const staged = write.snapshot === undefined ? undefined : this.#takeStaged(write.snapshot);
    this.#pending.push({ write, staged });
    return staged;
  }

  /** Make the oldest write durable; returns its number. */
  persist(): number | undefined {
    const next = this.#pending.shift();
    if (next === undefined) return undefined;
    const { write, staged } = next;
    const { snapshot, entries, truncateFrom } = write;
    if (snapshot !== undefined && staged !== undefined) this.#install(snapshot, staged);
    if (truncateFrom !== undefined) this.#entries.splice(truncateFrom - this.#base.index - 1);
    for (const entry of entries) {
      if (entry.index !== this.lastIndex() + 1) throw new Error(`a hole before entry ${entry.index}`);
      this.#entries.push(entry);
    }
    this.hardState = write.hardState;
    return write.number;
  }

  crash(): void {
    this.#pending = [];
    this.#staging = undefined;
  }

  /** Keep a snapshot, and of the entries it contains only the last few. */
  compact(description: Pick<SnapshotMeta, 'index' | 'term' | 'configuration'>, bytes: Uint8Array, kept: number): void {
    const { index } = description;
    this.#snapshot = { ...description, sizeBytes: bytes.length, checksum: crc32(bytes) };
    this.snapshotBytes = bytes;
    const base = Math.max(this.#base.index, index - kept);
    const term = this.term(base);
    this.#entries.splice(0, base - this.#base.index);
    this.#base = { index: base, term };
  }

  snapshot(): SnapshotMeta {
    return this.#snapshot;
  }

  firstIndex(): number {
    return this.#base.index + 1;
  }

  lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  term(index: number): number {
    if (index === this.#base.index) return this.#base.term;
    return this.#at(index).term;
  }

  entries(from: number, to: number, maxBytes: number): readonly Entry[] {
    const found: Entry[] = [];
    for (let index = from, bytes = 0; index < to; index += 1) {
      const entry = this.#at(index);
      bytes += entrySizeBytes(entry);
      if (bytes > maxBytes && found.length > 0) break;
      found.push(entry);
    }
    return found;
  }

  configurationEntries(): readonly ConfigurationEntry[] {
    return this.#entries.filter((entry) => entry.kind === 'configuration');
  }

  #at(index: number): Entry {
    const entry = this.#entries[index - this.#base.index - 1];
    if (entry === undefined) throw new Error(`no entry ${index} in [${this.firstIndex()}, ${this.lastIndex()}]`);
    return entry;
  }

  #takeStaged(snapshot: SnapshotMeta): Uint8Array {
    const staging = this.#staging;
    if (staging?.filled !== snapshot.sizeBytes || crc32(staging.bytes) !== snapshot.checksum) {
      throw new Error('a snapshot is taken over that is not whole');
    }
    this.#staging = undefined;
    return staging.bytes;
  }

  #install(snapshot: SnapshotMeta, bytes: Uint8Array): void {
    this.#snapshot = snapshot;
    this.snapshotBytes = bytes;
    this.#base = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
  }
}
