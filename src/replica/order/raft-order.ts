/**
 * The total order by Raft: drives the core over storage and messages, feeds the state machine, and answers those who use
 * the order. What the core asks of its driver is in `raft-node.ts`; what is on disk in `raft-log.ts`; `docs/RAFT.md` says how
 * it fits together.
 *
 * Inputs of one turn of the event loop are gathered and handled together. Anything that goes wrong in here - a failed
 * commit, a damaged entry, a broken invariant - leaves nothing to go on from: `onFatal`, and silence.
 */
import { assert } from '../../base/assert.js';
import { DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { type MemberId, type Membership, membersOf } from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';
import type { SnapshotMeta } from '../../consensus/log-reader.js';
import type { Message } from '../../consensus/messages.js';
import { RaftNode } from '../../consensus/raft-node.js';
import type {
  ChangeResult,
  RaftOptions,
  RaftStatus,
  Ready,
  StepResult,
  TransferResult,
  Write,
} from '../../consensus/raft-types.js';
import type { AppendResult, DeliveredEntry, ReadIndexResult, TotalOrder } from '../../consensus/total-order.js';
import type { Random } from '../../ports/random.js';
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import type { OrderedState } from './ordered-state.js';
import { type ChangeOutcome, ChangeWatch } from './raft-change.js';
import { RaftLogStore } from './raft-log.js';
import { RaftRequests } from './raft-requests.js';
import { SnapshotCopies } from './raft-snapshots.js';
import { RaftWriter } from './raft-writer.js';

export interface RaftTuning extends Omit<RaftOptions, 'self' | 'random'> {
  readonly trailingEntries: number;
  readonly trailingMaxBytes: number;
  readonly compactStepEntries: number;
}

export interface RaftOrderOptions {
  /** This replica's incarnation. */
  readonly self: MemberId;
  readonly storage: Storage;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly send: (message: Message) => void;
  readonly state: OrderedState;
  /**
   * Put the leader's time on a command, in place: called once for each, by the leader that appends it.
   * @throws DecodeError if it is no command: a peer's is refused then
   */
  readonly stamp: (command: Uint8Array) => void;
  /** Role, leader, term or members have changed. */
  readonly onChange: () => void;
  /** The process must end. */
  readonly onFatal: (error: unknown) => void;
  /** In place of the limits of the product, for tests. */
  readonly tuning?: Partial<RaftTuning>;
}

/** Why a message had no effect; names of the counters. */
export type RaftRefusal = Extract<StepResult, { readonly kind: 'refused' }>['reason'] | 'busy';

export interface RaftCounters {
  readonly refused: ReadonlyMap<RaftRefusal, number>;
  /** Copies made for others, taken over from others, and those of others that were no state. */
  readonly copiesMade: number;
  readonly installed: number;
  readonly installsRefused: number;
  /** Entries dropped from the beginning of the log. */
  readonly compactedEntries: number;
}

export type MembershipResult =
  | { readonly kind: 'accepted'; readonly done: Promise<ChangeOutcome> }
  | Extract<ChangeResult, { readonly kind: 'dropped' }>;

const TUNING: RaftTuning = {
  electionTicks: LIMITS.electionTimeoutMs / LIMITS.tickMs,
  heartbeatTicks: LIMITS.heartbeatMs / LIMITS.tickMs,
  inflightMaxMessages: LIMITS.raftInflightMaxMessages,
  appendMaxBytes: LIMITS.raftAppendMaxBytes,
  uncommittedMaxBytes: LIMITS.raftUncommittedMaxBytes,
  applyMaxBytes: LIMITS.raftApplyMaxBytes,
  snapshotChunkMaxBytes: LIMITS.raftSnapshotChunkMaxBytes,
  promotionMaxLagEntries: LIMITS.raftPromotionMaxLagEntries,
  trailingEntries: LIMITS.raftTrailingEntries,
  trailingMaxBytes: LIMITS.raftTrailingMaxBytes,
  compactStepEntries: LIMITS.raftCompactStepEntries,
};

export class RaftOrder implements TotalOrder {
  readonly #options: RaftOrderOptions;
  readonly #tuning: RaftTuning;
  readonly #log: RaftLogStore;
  readonly #writer: RaftWriter;
  readonly #copies: SnapshotCopies;
  readonly #requests = new RaftRequests();
  readonly #refused = new Map<RaftRefusal, number>();
  #changes: ChangeWatch[] = [];
  #node: RaftNode;
  /** The last entry handed to the state machine, or contained in the copy it took over. */
  #delivered: number;
  #installed = 0;
  #installsRefused = 0;
  #compactedEntries = 0;
  #founding = false;
  #scheduled = false;
  #pumping = false;
  #closed = false;

  /** @throws CausewayError `data-dir-corrupt` if the log is damaged or does not fit the state */
  constructor(options: RaftOrderOptions) {
    const { storage, self, state, time } = options;
    this.#options = options;
    this.#tuning = { ...TUNING, ...options.tuning };
    this.#delivered = state.durableApplied;
    this.#log = new RaftLogStore(storage, self, this.#delivered);
    const onFatal = (error: unknown) => this.#die(error);
    this.#writer = new RaftWriter({
      storage,
      state,
      log: this.#log,
      stored: (write) => this.#stored(write),
      refused: (snapshot, error) => this.#refuseInstall(snapshot, error),
      onFatal,
    });
    this.#copies = new SnapshotCopies({
      state,
      time,
      describe: (index) => this.#node.describeSnapshot(index),
      store: (snapshot, done) => this.#storeSnapshot(snapshot, done),
      answer: (bytes) => {
        this.#node.snapshotBytes(bytes);
        this.#schedule();
      },
      onFatal,
    });
    this.#node = this.#boot();
    this.#schedule();
  }

  get hasLeader(): boolean {
    return !this.#closed && this.#node.softState.leader !== undefined;
  }

  get isLeader(): boolean {
    return !this.#closed && this.#node.softState.role === 'leader';
  }

  /** Nothing of an order is known here: no log, no vote, no members, no term of anybody. */
  get isBlank(): boolean {
    const { term, lastIndex, configuration } = this.#node.status;
    return !this.#founding && term === 0 && lastIndex === 0 && membersOf(configuration).length === 0;
  }

  get counters(): RaftCounters {
    return {
      refused: this.#refused,
      copiesMade: this.#copies.made,
      installed: this.#installed,
      installsRefused: this.#installsRefused,
      compactedEntries: this.#compactedEntries,
    };
  }

  status(): RaftStatus {
    return this.#node.status;
  }

  append(command: Uint8Array, settle: (result: AppendResult) => void): void {
    if (this.#closed) settle({ kind: 'not-appended', reason: 'closed' });
    else {
      this.#requests.append(command, settle);
      this.#schedule();
    }
  }

  readIndex(settle: (result: ReadIndexResult) => void): void {
    if (this.#closed) settle({ kind: 'unavailable', reason: 'closed' });
    else {
      this.#requests.readIndex(settle);
      this.#schedule();
    }
  }

  /** A message of another member, from an envelope of `from`. */
  receive(from: MemberId, message: Message): void {
    if (this.#closed) return;
    const reason = this.#refusalOf(from, message) ?? this.#step(message);
    if (reason !== undefined) this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    this.#schedule();
  }

  /** To be called every `LIMITS.tickMs`. */
  tick(): void {
    if (this.#closed || this.#founding) return;
    this.#orDie(() => {
      this.#node.tick();
      this.#copies.expire();
      this.#compact();
    });
    this.#schedule();
  }

  /**
   * Begin an order of these members. Only at a blank member, and only at one of them: see "What it relies on" in
   * `docs/RAFT.md`. Resolves when it is durable; this member campaigns at once then.
   */
  found(membership: Membership): Promise<void> {
    assert(this.isBlank && !this.#closed, 'an order is founded by a member that knows one', { ...this.#node.status });
    this.#founding = true;
    return new Promise((resolve) => {
      this.#writer.changeBase(this.#log.found(membership), () => {
        this.#founding = false;
        this.#node = this.#boot();
        this.#node.campaign();
        this.#options.trace({ name: 'raft.founded', level: 'info', facts: { ...membership } });
        this.#options.onChange();
        this.#schedule();
        resolve();
      });
    });
  }

  /** Hand the leadership to another voter. */
  transfer(to: MemberId): TransferResult {
    if (this.#closed) return { kind: 'dropped', reason: 'not-leader' };
    const result = this.#node.transferLeadership(to);
    this.#schedule();
    return result;
  }

  /** Change who takes part; only the leader can. `done` tells how it ended, which may take as long as there is no majority. */
  change(membership: Membership): MembershipResult {
    if (this.#closed) return { kind: 'dropped', reason: 'not-leader', detail: 'this replica is closing' };
    const result = this.#node.proposeConfChange(membership);
    this.#schedule();
    if (result.kind === 'dropped') return result;
    const watch = new ChangeWatch(membership, result.index, result.term);
    this.#changes.push(watch);
    return { kind: 'accepted', done: watch.done };
  }

  /** Settles everything that waits, and resolves when storage is done. */
  async close(): Promise<void> {
    this.#silence();
    await this.#writer.close();
  }

  #boot(): RaftNode {
    const { self, random } = this.#options;
    const recovered = { hardState: this.#log.hardState, log: this.#log, applied: this.#delivered };
    return new RaftNode({ ...this.#tuning, self, random }, recovered);
  }

  /** Why a message is not for the core to read; undefined if it is. */
  #refusalOf(from: MemberId, message: Message): RaftRefusal | undefined {
    if (message.from !== from) return 'malformed';
    // The network may lose a message as well: the leader will ask again.
    if (this.#founding || (message.kind === 'snapshot-chunk' && this.#writer.installing)) return 'busy';
    if (message.kind !== 'forwarded-proposals' || !this.isLeader) return undefined;
    try {
      for (const command of message.commands) this.#options.stamp(command);
    } catch (error) {
      if (error instanceof DecodeError) return 'malformed';
      throw error;
    }
    return undefined;
  }

  #step(message: Message): RaftRefusal | undefined {
    const result = this.#orDie(() => this.#node.step(message));
    return result?.kind === 'refused' ? result.reason : undefined;
  }

  /** Handle what this turn of the event loop brings, at its end. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.time.soon(() => {
      this.#scheduled = false;
      if (this.#closed || this.#founding) return;
      this.#orDie(() => this.#turn());
    });
  }

  #turn(): void {
    this.#requests.propose(this.#tuning.appendMaxBytes, (commands) => {
      if (this.isLeader) for (const command of commands) this.#options.stamp(command);
      return this.#node.propose(commands);
    });
    this.#requests.read(() => this.#node.readIndex());
    let delivered = 0;
    for (let ready = this.#node.ready(); ready !== undefined; ready = this.#node.ready()) {
      this.#take(ready);
      this.#node.advance();
      for (const read of ready.snapshotReads) this.#copies.read(read);
      delivered += ready.committed.length;
    }
    if (this.#requests.hasAppends) this.#schedule();
  }
}
