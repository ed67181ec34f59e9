/**
 * Brings a snapshot to a member piece by piece: the member says what it wants, storage is asked for it, and it leaves.
 * Whatever is lost is asked for again after a while.
 */
import type { MemberId } from './configuration.js';
import { sameSnapshot } from './log-reader.js';
import type { Member } from './member.js';
import type { SnapshotWanted } from './messages.js';
import type { Progress } from './progress.js';
import type { SnapshotBytes } from './raft-types.js';

export class SnapshotSender {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  /** What the member needs is compacted away. */
  start(to: MemberId, progress: Progress): void {
    progress.needSnapshot(this.#member.log.snapshot);
    this.#read(to, progress);
  }

  /**
   * The member asks for what is not on its way. What was sent already is sent again only after a silence: were every
   * duplicate of a question answered, each answer would bring another question.
   */
  wanted(message: SnapshotWanted, progress: Progress): void {
    const { snapshot: sending } = progress;
    if (sending === undefined || !sameSnapshot(sending.snapshot, message.snapshot)) return;
    if (message.offset === sending.offset) return;
    sending.offset = message.offset;
    this.#read(message.from, progress);
  }

  /** Storage has answered. */
  bytes({ to, snapshot, offset, bytes }: SnapshotBytes, progress: Progress): void {
    const { snapshot: sending } = progress;
    if (sending === undefined || !sending.reading) return;
    if (!sameSnapshot(sending.snapshot, snapshot) || sending.offset !== offset) return;
    if (bytes === undefined) {
      progress.dropSnapshot();
      return;
    }
    sending.reading = false;
    const { self: from, term, outbox } = this.#member;
    outbox.send({ kind: 'snapshot-chunk', from, to, term, snapshot, offset, bytes });
  }

  tick(to: MemberId, progress: Progress): void {
    const { snapshot: sending } = progress;
    if (sending === undefined) return;
    sending.idleTicks += 1;
    if (sending.idleTicks >= this.#member.options.electionTicks) this.#read(to, progress);
  }

  #read(to: MemberId, { snapshot: sending }: Progress): void {
    if (sending === undefined) return;
    sending.reading = true;
    sending.idleTicks = 0;
    const { outbox, options } = this.#member;
    const { snapshot, offset } = sending;
    const maxBytes = Math.min(options.snapshotChunkMaxBytes, snapshot.sizeBytes - offset);
    outbox.readSnapshot({ to, snapshot, offset, maxBytes });
  }
}
