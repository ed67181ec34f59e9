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
import { type Configuration, type MemberId, type Membership, membersOf } from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';
import type { SnapshotMeta } from '../../consensus/log-reader.js';
import type { Message } from '../../consensus/messages.js';
import { RaftNode } from '../../consensus/raft-node.js';
import type { RaftStatus, Ready, TransferResult, Write } from '../../consensus/raft-types.js';
import type { AppendResult, DeliveredEntry, ReadIndexResult, TotalOrder } from '../../consensus/total-order.js';
import type { StorageWrite } from '../../ports/storage.js';
import type { Position } from '../membership/runs.js';
import { ChangeWatch } from './raft-change.js';
import { RaftLogStore, WIPE_LOG } from './raft-log.js';
import {
  type MembershipResult,
  RAFT_TUNING,
  type RaftCounters,
  type RaftOrderOptions,
  type RaftRefusal,
  type RaftTuning,
} from './raft-options.js';
import { RaftRequests } from './raft-requests.js';
import { SnapshotCopies } from './raft-snapshots.js';
import { RaftWriter } from './raft-writer.js';

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
  #closed = false;
  #ended: Promise<void> = Promise.resolve();

  /** @throws CausewayError `data-dir-corrupt` if the log is damaged or does not fit the state */
  constructor(options: RaftOrderOptions) {
    const { storage, self, state, time } = options;
    this.#options = options;
    this.#tuning = { ...RAFT_TUNING, ...options.tuning };
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
    return this.leader !== undefined;
  }

  /** Whom this member follows, itself if it leads. */
  get leader(): MemberId | undefined {
    return this.#closed ? undefined : this.#node.softState.leader;
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

  /** Of what is on disk. */
  get position(): Position {
    const { term, commit } = this.#log.hardState;
    return { term, commit };
  }

  get configuration(): Configuration {
    return this.#node.configuration;
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
    const reason = this.#orDie(() => this.#refusalOf(from, message) ?? this.#step(message));
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
      const done = () => {
        this.#founding = false;
        this.#node = this.#boot();
        this.#node.campaign();
        this.#options.trace({ name: 'raft.founded', level: 'info', facts: { ...membership } });
        this.#options.onChange();
        this.#schedule();
        resolve();
      };
      this.#writer.changeBase(() => this.#log.found(membership), done);
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

  /** Writes that forget everything of the order; this object is of no use after them. */
  wipeWrites(): StorageWrite[] {
    return [WIPE_LOG];
  }

  /** Settles everything that waits, and resolves when storage is done. */
  async close(): Promise<void> {
    this.#silence();
    await this.#ended;
  }

  #boot(): RaftNode {
    const { self, random, answersAfterMs } = this.#options;
    const answersAfterTicks = (member: MemberId) => answersAfterMs(member) / LIMITS.tickMs;
    const recovered = { hardState: this.#log.hardState, log: this.#log, applied: this.#delivered };
    return new RaftNode({ ...this.#tuning, self, random, answersAfterTicks }, recovered);
  }

  /** Why a message is not for the core to read; undefined if it is. */
  #refusalOf(from: MemberId, message: Message): RaftRefusal | undefined {
    if (message.from !== from) return 'malformed';
    // The network may lose a message as well: the leader will ask again.
    if (this.#founding || (message.kind === 'snapshot-chunk' && this.#writer.installing)) return 'busy';
    if (message.kind !== 'forwarded-proposals' || !this.isLeader) return undefined;
    try {
      for (const command of message.commands) this.#options.check(command);
      for (const command of message.commands) this.#options.stamp(command);
    } catch (error) {
      if (error instanceof DecodeError) return 'malformed';
      throw error;
    }
    return undefined;
  }

  #step(message: Message): RaftRefusal | undefined {
    const result = this.#node.step(message);
    return result.kind === 'refused' ? result.reason : undefined;
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
    for (let ready = this.#node.ready(); ready !== undefined; ready = this.#node.ready()) {
      this.#take(ready);
      this.#node.advance();
      for (const read of ready.snapshotReads) this.#copies.read(read);
      // A long replay leaves room for others between its parts.
      if (ready.committed.length > 0) {
        this.#schedule();
        break;
      }
    }
    if (this.#requests.hasAppends) this.#schedule();
  }

  #take({ staging, write, messages, news, committed, readStates, proposalOutcomes, softState }: Ready): void {
    for (const step of staging) this.#writer.stage(step);
    if (write?.snapshot !== undefined) this.#copies.abort();
    if (write !== undefined) this.#writer.write(write);
    this.#options.send(messages);
    this.#options.mention(news);
    if (committed.length > 0) this.#deliver(committed);
    for (const state of readStates) this.#requests.readState(state);
    for (const outcome of proposalOutcomes) this.#requests.proposalOutcome(outcome, this.hasLeader);
    if (softState !== undefined) this.#options.trace({ name: 'raft.state', level: 'info', facts: { ...softState } });
    if (softState !== undefined || bringsMembers(write, committed)) this.#options.onChange();
  }

  #deliver(committed: readonly Entry[]): void {
    this.#delivered = committed.at(-1)?.index ?? this.#delivered;
    this.#options.state.deliver(committed.map(delivery));
    if (this.#changes.length > 0) this.#changes = this.#changes.filter((watch) => !watch.committed(committed));
  }

  #stored({ number, snapshot }: Write): void {
    if (snapshot !== undefined) {
      const { index, configuration } = snapshot;
      this.#installed += 1;
      this.#delivered = index;
      this.#changes = this.#changes.filter((watch) => !watch.jumped(index, configuration));
      this.#options.trace({ name: 'raft.snapshot-installed', level: 'info', facts: { index } });
      this.#options.onChange();
    }
    this.#node.stored(number);
    this.#schedule();
  }

  /**
   * A peer's copy that is no state, though its checksum is right: damage or another program over there. Nothing here has
   * changed, so this member goes on as after a restart, from what is on its disk, and the leader will try again.
   */
  #refuseInstall({ index }: SnapshotMeta, error: DecodeError): void {
    this.#installsRefused += 1;
    const facts = { index, reason: error.message };
    this.#options.trace({ name: 'raft.snapshot-refused', level: 'error', facts });
    this.#requests.abandon('no-leader');
    this.#orDie(() => {
      this.#node = this.#boot();
    });
    this.#options.onChange();
    this.#schedule();
  }

  /** Drop a step of the entries that are too far behind the durable state for anybody to need them soon. */
  #compact(): void {
    const { trailingEntries, trailingMaxBytes, compactStepEntries } = this.#tuning;
    const { lengthEntries, sizeBytes } = this.#log;
    const isLong = lengthEntries >= trailingEntries + compactStepEntries / 2;
    if (!isLong && sizeBytes < trailingMaxBytes + trailingMaxBytes / 4) return;
    if (this.#writer.installing || this.#writer.changesBase) return;
    const base = this.#log.firstIndex() - 1;
    const wanted = this.#log.indexBefore(this.#options.state.durableApplied, trailingEntries, trailingMaxBytes);
    const index = Math.min(wanted, base + compactStepEntries, this.#copies.heldIndex ?? wanted);
    if (index <= base) return;
    const known = this.#log.snapshot();
    const snapshot =
      index <= known.index ? known : { ...this.#node.describeSnapshot(index), sizeBytes: 0, checksum: 0 };
    const done = () => {
      this.#compactedEntries += index - base;
      this.#node.compacted();
      this.#schedule();
    };
    this.#writer.changeBase(() => this.#log.compact(index, snapshot), done);
  }

  #storeSnapshot(snapshot: SnapshotMeta, stored: () => void): void {
    const done = () => {
      this.#node.compacted();
      this.#options.trace({ name: 'raft.snapshot-copied', level: 'info', facts: { ...snapshot } });
      stored();
      this.#schedule();
    };
    this.#writer.changeBase(() => this.#log.describe(snapshot), done);
  }

  #orDie<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#die(error);
      return undefined;
    }
  }

  #die(error: unknown): void {
    if (this.#closed) return;
    this.#silence();
    this.#options.onFatal(error);
  }

  #silence(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#copies.abort();
    this.#requests.close();
    for (const watch of this.#changes.splice(0)) watch.settle('unknown');
    this.#ended = this.#writer.close();
  }
}

function delivery(entry: Entry): DeliveredEntry {
  const { index, term } = entry;
  return { index, term, bytes: entry.kind === 'command' ? entry.bytes : undefined };
}

/** Whether the newest configuration, or what is known to be committed of it, may have changed. */
function bringsMembers(write: Write | undefined, committed: readonly Entry[]): boolean {
  const isMembers = ({ kind }: Entry) => kind === 'configuration';
  return write?.truncateFrom !== undefined || write?.entries.some(isMembers) === true || committed.some(isMembers);
}
