/**
 * Copies of the state for members whose entries are compacted away. Compaction itself copies nothing: only when somebody
 * needs a snapshot is the state copied, measured in slices, described in the log, and read out chunk by chunk.
 *
 * One copy at a time is open, as long as somebody reads it; meanwhile the log keeps what follows it, or whoever took it over would
 * need the next one at once.
 */
import { crc32 } from '../../base/checksum.js';
import { LIMITS } from '../../base/limits.js';
import type { MemberId } from '../../consensus/configuration.js';
import { type SnapshotMeta, sameSnapshot } from '../../consensus/log-reader.js';
import type { SnapshotBytes, SnapshotRead } from '../../consensus/raft-types.js';
import type { Time } from '../../ports/time.js';
import type { OrderedState, StateCopy } from './ordered-state.js';
import { CopyCursor } from './raft-copy-cursor.js';

export interface CopiesOptions {
  readonly state: OrderedState;
  readonly time: Time;
  /** What a snapshot at this index says about itself, apart from its bytes. */
  readonly describe: (index: number) => Pick<SnapshotMeta, 'index' | 'term' | 'configuration'>;
  /** Make this the snapshot of the log; `done` once that is durable. */
  readonly store: (snapshot: SnapshotMeta, done: () => void) => void;
  readonly answer: (bytes: SnapshotBytes) => void;
  readonly onFatal: (error: unknown) => void;
}

interface OpenCopy {
  readonly copy: StateCopy;
  readonly snapshot: SnapshotMeta;
  readonly cursors: Map<MemberId, CopyCursor>;
  readonly openedMs: number;
  lastReadMs: number;
}

interface Measured {
  readonly copy: StateCopy;
  readonly pieces: Iterator<Uint8Array>;
  sizeBytes: number;
  checksum: number;
}

export class SnapshotCopies {
  readonly #options: CopiesOptions;
  #open: OpenCopy | undefined;
  /** Being measured or described. */
  #preparing: Measured | undefined;
  /** Reads of snapshots that are no more; answered when there is a new one. */
  readonly #waiting = new Map<MemberId, SnapshotRead>();
  /** Copies made since the start. */
  made = 0;

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  /** The log must not begin behind this; undefined if nobody needs it. */
  get heldIndex(): number | undefined {
    return (this.#preparing ?? this.#open)?.copy.index;
  }

  /** Answers now, or when the state was copied. A read that was asked again is answered once. */
  read(read: SnapshotRead): void {
    const open = this.#open;
    if (open === undefined) {
      this.#waiting.set(read.to, read);
      if (this.#preparing === undefined) this.#prepare();
      return;
    }
    open.lastReadMs = this.#options.time.monotonicMs();
    const { to, snapshot, offset, maxBytes } = read;
    const isThis = sameSnapshot(open.snapshot, snapshot);
    const bytes = isThis ? cursorOf(open, to).read(offset, maxBytes) : undefined;
    this.#options.answer({ to, snapshot, offset, bytes });
  }

  /** Close a copy that nobody reads any more, or that was read for too long. */
  expire(): void {
    if (this.#open === undefined) return;
    const { openedMs, lastReadMs } = this.#open;
    const nowMs = this.#options.time.monotonicMs();
    if (nowMs - lastReadMs >= LIMITS.snapshotIdleMs || nowMs - openedMs >= LIMITS.raftCopyMaxMs) this.#closeOpen();
  }

  /** The state is to be replaced, or the replica ends. */
  abort(): void {
    this.#closeOpen();
    this.#preparing?.copy.close();
    this.#preparing = undefined;
    this.#waiting.clear();
  }

  #prepare(): void {
    const copy = this.#options.state.copy();
    this.#preparing = { copy, pieces: copy.pieces(), sizeBytes: 0, checksum: 0 };
    this.#measureSoon(this.#preparing);
  }

  #measureSoon(measured: Measured): void {
    this.#options.time.soon(() => {
      if (this.#preparing !== measured) return;
      try {
        this.#measure(measured);
      } catch (error) {
        this.abort();
        this.#options.onFatal(error);
      }
    });
  }

  #measure(measured: Measured): void {
    const endBytes = measured.sizeBytes + LIMITS.raftCopySliceBytes;
    while (measured.sizeBytes < endBytes) {
      const piece = measured.pieces.next();
      if (piece.done === true) {
        this.#describe(measured);
        return;
      }
      measured.sizeBytes += piece.value.length;
      measured.checksum = crc32(piece.value, measured.checksum);
    }
    this.#measureSoon(measured);
  }

  #describe(measured: Measured): void {
    const { copy, sizeBytes, checksum } = measured;
    const snapshot = { ...this.#options.describe(copy.index), sizeBytes, checksum };
    this.#options.store(snapshot, () => {
      if (this.#preparing !== measured) return;
      this.#preparing = undefined;
      this.made += 1;
      const nowMs = this.#options.time.monotonicMs();
      this.#open = { copy, snapshot, cursors: new Map(), openedMs: nowMs, lastReadMs: nowMs };
      this.#answerWaiting();
    });
  }

  /** What they asked for is no more; they will be offered the new one. */
  #answerWaiting(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { to, snapshot, offset } of waiting) this.#options.answer({ to, snapshot, offset, bytes: undefined });
  }

  #closeOpen(): void {
    this.#open?.copy.close();
    this.#open = undefined;
  }
}

function cursorOf(open: OpenCopy, member: MemberId): CopyCursor {
  const cursor = open.cursors.get(member) ?? new CopyCursor(open.copy);
  open.cursors.set(member, cursor);
  return cursor;
}
