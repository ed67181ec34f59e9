/**
 * What a leader knows of one member's log. `probe`: where the logs part is not known, one append at a time asks. `replicate`:
 * appends follow each other without waiting for answers. `snapshot`: what the member needs is compacted away.
 */
import type { SnapshotMeta } from './log-reader.js';

interface SnapshotProgress {
  readonly snapshot: SnapshotMeta;
  /** What the member wants next, and whether those bytes were asked for from storage and not sent yet. */
  offset: number;
  reading: boolean;
  idleTicks: number;
}

export class Progress {
  /** The member's log is durable and equal up to here. Never falls. */
  match = 0;
  /** The next entry to send. */
  next: number;
  /** The greatest commit it was told, as far as the message that told it let it believe that. */
  commitTold = 0;
  /** The greatest index that it is known to wait for until it is told that it is committed. */
  #awaited = 0;
  /** How long it has said nothing. */
  silentTicks = 0;
  #state: 'probe' | 'replicate' = 'probe';
  #probing = false;
  #snapshot: SnapshotProgress | undefined;
  /** Last index of each append on its way, oldest first. */
  #inflight: number[] = [];

  constructor(next: number) {
    this.next = next;
  }

  get state(): 'probe' | 'replicate' | 'snapshot' {
    return this.#snapshot === undefined ? this.#state : 'snapshot';
  }

  get snapshot(): SnapshotProgress | undefined {
    return this.#snapshot;
  }

  get isAwaitingCommit(): boolean {
    return this.commitTold < this.#awaited;
  }

  awaits(index: number): void {
    this.#awaited = Math.max(this.#awaited, index);
  }

  maySend(inflightMax: number): boolean {
    if (this.#snapshot !== undefined) return false;
    return this.#state === 'probe' ? !this.#probing : this.#inflight.length < inflightMax;
  }

  /** An append left with entries up to `last`; an empty one has `last` before `next`. */
  sent(last: number, commit: number): void {
    this.commitTold = Math.max(this.commitTold, Math.min(commit, last));
    if (this.#state === 'probe') this.#probing = true;
    else if (last >= this.next) {
      this.next = last + 1;
      this.#inflight.push(last);
    }
  }

  /** Whether this is news. */
  accepted(matched: number): boolean {
    const isNews = matched > this.match;
    this.match = Math.max(this.match, matched);
    this.next = Math.max(this.next, matched + 1);
    while ((this.#inflight[0] ?? Number.POSITIVE_INFINITY) <= matched) this.#inflight.shift();
    const awaited = this.#snapshot?.snapshot.index;
    if (awaited !== undefined && matched >= awaited) this.#become('probe', matched + 1);
    else if (awaited === undefined && this.#state === 'probe') this.#become('replicate', this.match + 1);
    return isNews;
  }

  /** The logs part before `previousIndex`; go on at `next`. False if the answer is an old one. */
  rejected(previousIndex: number, next: number): boolean {
    if (this.#snapshot !== undefined || previousIndex <= this.match) return false;
    if (this.#state === 'probe' && previousIndex !== this.next - 1) return false;
    this.#become('probe', Math.max(Math.min(next, previousIndex), this.match + 1));
    return true;
  }

  /** A heartbeat came back: what was on its way before may be lost, so one more append may follow. */
  retry(inflightMax: number): void {
    this.#probing = false;
    if (this.#inflight.length >= inflightMax) this.#inflight.shift();
  }

  needSnapshot(snapshot: SnapshotMeta): void {
    this.#become('probe', this.next);
    this.#snapshot = { snapshot, offset: 0, reading: false, idleTicks: 0 };
  }

  dropSnapshot(): void {
    this.#become('probe', this.match + 1);
  }

  #become(state: 'probe' | 'replicate', next: number): void {
    this.#state = state;
    this.#probing = false;
    this.#snapshot = undefined;
    this.#inflight = [];
    this.next = next;
  }
}
