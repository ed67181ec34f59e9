/**
 * Takes a snapshot in, piece by piece and in order. Nothing of it counts before all of it is here and its checksum is
 * right; then it replaces log and state in one write.
 */
import { crc32 } from '../base/checksum.js';
import type { MemberId } from './configuration.js';
import { type SnapshotMeta, sameSnapshot } from './log-reader.js';
import type { Member } from './member.js';
import type { SnapshotChunk } from './messages.js';

export class SnapshotReceiver {
  readonly #member: Member;
  #receiving: { readonly snapshot: SnapshotMeta; offset: number; checksum: number } | undefined;

  constructor(member: Member) {
    this.#member = member;
  }

  receive(message: SnapshotChunk): void {
    const { log } = this.#member;
    const { from, snapshot } = message;
    if (snapshot.index > log.commit && !log.matches(snapshot.index, snapshot.term)) {
      this.#take(message);
      return;
    }
    log.commitTo(snapshot.index);
    this.#discard();
    this.accept(from, log.commit);
  }

  /** The newest entries make whatever was staged pointless. */
  overtaken(): void {
    if (this.#receiving !== undefined && this.#receiving.snapshot.index <= this.#member.log.commit) this.#discard();
  }

  accept(to: MemberId, matched: number): void {
    const { self: from, term, outbox } = this.#member;
    outbox.promise('log', { kind: 'append-accepted', from, to, term, matched });
  }

  #take({ from, snapshot, offset, bytes }: SnapshotChunk): void {
    const { outbox } = this.#member;
    const receiving = this.#receivingOf(snapshot);
    if (offset === receiving.offset) {
      outbox.stage({ kind: 'chunk', offset, bytes });
      receiving.offset += bytes.length;
      receiving.checksum = crc32(bytes, receiving.checksum);
    }
    if (receiving.offset === snapshot.sizeBytes) this.#finish(from, receiving);
    else this.#want(from, snapshot, receiving.offset);
  }

  /** If it is damaged nothing is said, so that the leader pauses before it begins again. */
  #finish(from: MemberId, { snapshot, checksum }: { snapshot: SnapshotMeta; checksum: number }): void {
    if (checksum !== snapshot.checksum) {
      this.#discard();
      return;
    }
    this.#receiving = undefined;
    this.#member.restore(snapshot);
    this.accept(from, snapshot.index);
  }

  #receivingOf(snapshot: SnapshotMeta): { readonly snapshot: SnapshotMeta; offset: number; checksum: number } {
    if (this.#receiving === undefined || !sameSnapshot(this.#receiving.snapshot, snapshot)) {
      this.#receiving = { snapshot, offset: 0, checksum: 0 };
      this.#member.outbox.stage({ kind: 'begin', snapshot });
    }
    return this.#receiving;
  }

  #want(to: MemberId, snapshot: SnapshotMeta, offset: number): void {
    const { self: from, term, outbox } = this.#member;
    outbox.promise('term', { kind: 'snapshot-wanted', from, to, term, snapshot, offset });
  }

  #discard(): void {
    if (this.#receiving === undefined) return;
    this.#receiving = undefined;
    this.#member.outbox.stage({ kind: 'discard' });
  }
}
