/**
 * The log: what is in it, what of it is durable, committed and handed out. It only grows, save for `merge`, which cuts
 * off a suffix that really disagrees with the leader's and never a committed entry, and `restore`, which replaces all
 * of it by a snapshot that is ahead of what is committed here.
 */
import { assert } from '../base/assert.js';
import { Durability } from './durability.js';
import { type Entry, type Proposal, placeProposal } from './entry.js';
import type { LogReader, SnapshotMeta } from './log-reader.js';
import { LogTail } from './log-tail.js';
import type { LogWrite } from './raft-types.js';

export class RaftLog {
  readonly #reader: LogReader;
  readonly #tail: LogTail;
  /** The entry before the first one. */
  #base: { readonly index: number; readonly term: number };
  #commit: number;
  #handedOut: number;
  readonly #durability: Durability;
  /** First index that no write has carried yet, and how far writes have carried the log on disk. */
  #unwritten: number;
  #writtenTo: number;
  #restored: SnapshotMeta | undefined;

  constructor(reader: LogReader, commit: number, applied: number) {
    const { index } = reader.snapshot();
    const last = reader.lastIndex();
    this.#reader = reader;
    this.#base = baseOf(reader);
    this.#commit = Math.max(commit, applied, index);
    this.#handedOut = Math.max(applied, index);
    assert(this.#commit <= last, 'more is committed than the disk holds', { commit, applied, index, last });
    this.#tail = new LogTail(last + 1);
    this.#durability = new Durability(last);
    this.#unwritten = last + 1;
    this.#writtenTo = last;
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#tail.lastIndex;
  }

  get lastTerm(): number {
    return this.term(this.lastIndex) as number;
  }

  get commit(): number {
    return this.#commit;
  }

  /** The last entry that is on disk; see `Durability`. */
  get durable(): number {
    return this.#durability.index;
  }

  /** The last entry given to the state machine. */
  get handedOut(): number {
    return this.#handedOut;
  }

  get snapshot(): SnapshotMeta {
    return this.#restored ?? this.#reader.snapshot();
  }

  /** The term of the entry at `index`; undefined if it is behind the end or compacted away. */
  term(index: number): number | undefined {
    if (index > this.lastIndex || index < this.#base.index) return undefined;
    if (index === this.#base.index) return this.#base.term;
    return this.#tail.at(index)?.term ?? this.#reader.term(index);
  }

  matches(index: number, term: number): boolean {
    return this.term(index) === term;
  }

  /** Whether a log that ends like this has everything that may be committed (section 5.4.1). */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    const { lastTerm: ownTerm } = this;
    return lastTerm > ownTerm || (lastTerm === ownTerm && lastIndex >= this.lastIndex);
  }

  /** The last index up to `from` whose term is at most `term`, or the one before the log begins. */
  lastWithin(from: number, term: number): number {
    let low = this.#base.index;
    let high = Math.min(from, this.lastIndex);
    if (high <= low) return high;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.term(middle) as number) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Entries of `[from, to)`, at least one, up to `maxBytes`; fewer where memory begins. */
  slice(from: number, to: number, maxBytes: number): readonly Entry[] {
    assert(from > this.#base.index && from <= to && to <= this.lastIndex + 1, 'a slice outside of the log', {
      from,
      to,
      base: this.#base.index,
      last: this.lastIndex,
    });
    if (from === to) return [];
    if (from >= this.#tail.firstIndex) return this.#tail.slice(from, to, maxBytes);
    return this.#reader.entries(from, Math.min(to, this.#tail.firstIndex), maxBytes);
  }

  append(proposal: Proposal, term: number): Entry {
    assert(term >= this.lastTerm, 'terms of the log fall', { term, last: this.lastTerm });
    const entry = placeProposal(proposal, this.lastIndex + 1, term);
    this.#tail.push(entry);
    return entry;
  }

  /**
   * Take over a leader's entries, which follow an entry both logs have. Returns those that were new here; those that
   * were here already stay, with all that follows them, for the message may be an old one.
   */
  merge(entries: readonly Entry[]): readonly Entry[] {
    const start = entries.findIndex(({ index, term }) => !this.matches(index, term));
    const fresh = start < 0 ? [] : entries.slice(start);
    const [first] = fresh;
    if (first === undefined) return fresh;
    if (first.index <= this.lastIndex) this.#truncate(first.index);
    for (const entry of fresh) this.#tail.push(entry);
    return fresh;
  }

  commitTo(index: number): void {
    assert(index <= this.lastIndex, 'a commit behind the end of the log', { index, last: this.lastIndex });
    this.#commit = Math.max(this.#commit, index);
  }

  /** Begin anew behind a snapshot. */
  restore(snapshot: SnapshotMeta): void {
    const { index, term } = snapshot;
    assert(index > this.#commit, 'a snapshot behind the commit', { index, commit: this.#commit });
    this.#base = { index, term };
    this.#tail.reset(index + 1);
    this.#commit = index;
    this.#handedOut = index;
    this.#durability.limit(0);
    this.#unwritten = index + 1;
    this.#writtenTo = index;
    this.#restored = snapshot;
  }

  /** The disk has a newer snapshot and forgot entries it contains. */
  compacted(): void {
    const { index } = this.#reader.snapshot();
    const base = baseOf(this.#reader);
    assert(index <= this.#handedOut && base.index <= index, 'a snapshot that does not fit the log', {
      index,
      base: base.index,
      handedOut: this.#handedOut,
    });
    if (base.index <= this.#base.index) return;
    this.#base = base;
    this.#tail.compact(base.index);
  }

  get hasUnwritten(): boolean {
    return this.#unwritten <= this.lastIndex || this.#restored !== undefined;
  }

  /** Everything not written yet, as the write with this number. */
  write(number: number): LogWrite {
    const snapshot = this.#restored;
    const from = this.#unwritten;
    const entries = from > this.lastIndex ? [] : this.#tail.slice(from, this.lastIndex + 1, Number.POSITIVE_INFINITY);
    const truncateFrom = entries.length > 0 && from <= this.#writtenTo ? from : undefined;
    this.#restored = undefined;
    this.#unwritten = this.lastIndex + 1;
    this.#writtenTo = this.lastIndex;
    this.#durability.issued(number, this.lastIndex);
    return { snapshot, truncateFrom, entries };
  }

  /** All writes up to this number are durable. */
  stored(number: number): void {
    this.#durability.stored(number);
    this.#tail.trim(this.durable);
  }

  /** Committed entries to apply next. Only durable ones, so that the state never is ahead of the log it came from. */
  takeCommitted(maxBytes: number): readonly Entry[] {
    const to = Math.min(this.#commit, this.durable);
    if (to <= this.#handedOut) return [];
    const entries = this.slice(this.#handedOut + 1, to + 1, maxBytes);
    this.#handedOut += entries.length;
    return entries;
  }

  #truncate(from: number): void {
    assert(from > this.#commit, 'a committed entry would be lost', { from, commit: this.#commit });
    this.#tail.truncate(from);
    this.#durability.limit(from - 1);
    this.#unwritten = Math.min(this.#unwritten, from);
  }
}

function baseOf(reader: LogReader): { readonly index: number; readonly term: number } {
  const index = reader.firstIndex() - 1;
  return { index, term: reader.term(index) };
}
