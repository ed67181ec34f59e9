/**
 * Raft, sans-IO: one member of the total order. It knows nothing of time, disk or network: ticks, messages and completed
 * writes go in, a `Ready` with all there is to do comes out. Where it departs from the paper is in `docs/RAFT.md`.
 *
 * Duties of the caller: after any input, call `ready` until it returns nothing; do what each one says, then `advance`.
 * Take its staging steps first, then its write: whole, in one transaction, in the order of their numbers. Report a write
 * with `stored` once a power cut cannot undo it, and not before; several may be under way. Messages may be lost, repeated
 * and reordered. Apply `committed` in order. A snapshot in a write replaces the applied state by the bytes staged for it, in
 * that same transaction. Answer each snapshot read with `snapshotBytes`. After the disk has taken a new snapshot of the
 * applied state and dropped the entries before it, call `compacted` before anything else.
 */
import { assert } from '../base/assert.js';
import type { Configuration, MemberId, Membership } from './configuration.js';
import { Election } from './election.js';
import { Inbox } from './inbox.js';
import type { SnapshotMeta } from './log-reader.js';
import { Member } from './member.js';
import type { Message } from './messages.js';
import type {
  ChangeResult,
  ProposeResult,
  RaftOptions,
  RaftStatus,
  ReadResult,
  Ready,
  Recovered,
  SnapshotBytes,
  SoftState,
  StepResult,
  TransferResult,
  Write,
} from './raft-types.js';
import { Requests } from './requests.js';
import { SoftStateNews } from './soft-state-news.js';

const NO_PROGRESS: RaftStatus['progress'] = [];

export class RaftNode {
  readonly #member: Member;
  readonly #election: Election;
  readonly #requests: Requests;
  readonly #inbox: Inbox;
  readonly #softStateNews = new SoftStateNews();
  #isOutstanding = false;

  constructor(options: RaftOptions, recovered: Recovered) {
    const { electionTicks, heartbeatTicks } = options;
    assert(electionTicks > heartbeatTicks && heartbeatTicks > 0, 'elections would outrun heartbeats', {
      electionTicks,
      heartbeatTicks,
    });
    this.#member = new Member(options, recovered);
    this.#election = new Election(this.#member);
    this.#requests = new Requests(this.#member);
    this.#inbox = new Inbox(this.#member, this.#election, this.#requests);
  }

  get softState(): SoftState {
    const { term, leader, standing } = this.#member;
    return { role: this.#election.role, term, leader, standing };
  }

  /** The newest configuration in the log, committed or not. */
  get configuration(): Configuration {
    return this.#member.configuration;
  }

  /** Asked for several times a tick, so spelt out and not spread from its parts. */
  get status(): RaftStatus {
    const { log, configurations, term, leader, standing } = this.#member;
    const { role, leadership } = this.#election;
    const { firstIndex, lastIndex, durable, commit, handedOut } = log;
    const { index: configurationIndex, configuration } = configurations.latest;
    return {
      role,
      term,
      leader,
      standing,
      firstIndex,
      lastIndex,
      durable,
      commit,
      handedOut,
      configuration,
      configurationIndex,
      progress: leadership?.replicator.statuses() ?? NO_PROGRESS,
    };
  }

  /** A message of another member. Whatever it says, it never stops this one, save by proving a broken invariant. */
  step(message: Message): StepResult {
    const result = this.#inbox.receive(message);
    this.#requests.leaderChanged();
    return result;
  }

  /** One unit of time has passed. */
  tick(): void {
    this.#requests.tick();
    const { leadership } = this.#election;
    if (leadership !== undefined) {
      if (!leadership.tick()) this.#election.follow(this.#member.term, undefined);
    } else {
      this.#member.tick();
      if (this.#member.isImpatient) this.#election.leaderLost();
    }
    this.#requests.leaderChanged();
  }

  /** Try to become leader now. Without effect where this member has no vote, or leads already. */
  campaign(): void {
    if (this.#election.leadership === undefined && this.#member.mayCampaign) this.#election.preCampaign();
    this.#requests.leaderChanged();
  }

  /** Put commands into the log, together and in this order, here or at the leader. */
  propose(commands: readonly Uint8Array[]): ProposeResult {
    const { leadership } = this.#election;
    if (leadership !== undefined) return leadership.propose(commands);
    if (this.#member.leader === undefined) return { kind: 'dropped', reason: 'no-leader' };
    return { kind: 'forwarded', ...this.#requests.propose(commands) };
  }

  /** Ask for an index to read at. A `ReadState` with this context follows; requests of one turn share it. */
  readIndex(): ReadResult {
    if (this.#member.leader === undefined) return { kind: 'dropped', reason: 'no-leader' };
    return { kind: 'accepted', context: this.#requests.read() };
  }

  /** Hand the leadership over. Until that is done or an election timeout has passed, proposals are refused. */
  transferLeadership(to: MemberId): TransferResult {
    return this.#election.leadership?.transfer(to) ?? { kind: 'dropped', reason: 'not-leader' };
  }

  /** Change who takes part. Only one change may be under way; it is done when a configuration that is not joint is committed. */
  proposeConfChange(membership: Membership): ChangeResult {
    const result = this.#election.leadership?.change(membership);
    return result ?? { kind: 'dropped', reason: 'not-leader', detail: `the leader is ${this.#member.leader}` };
  }

  /** What is to be done now; nothing if undefined. */
  ready(): Ready | undefined {
    assert(!this.#isOutstanding, 'ready before the last one was advanced', { self: this.#member.self });
    this.#conclude();
    const write = this.#nextWrite();
    const { outbox, log, options } = this.#member;
    const taken = outbox.take();
    const committed = log.takeCommitted(options.applyMaxBytes);
    const softState = this.#softStateNews.take(this.softState);
    const { messages, news, staging, snapshotReads, readStates, proposalOutcomes } = taken;
    const parts = [messages, news, staging, snapshotReads, readStates, proposalOutcomes, committed];
    if (write === undefined && softState === undefined && parts.every(({ length }) => length === 0)) return undefined;
    this.#isOutstanding = true;
    return { write, committed, softState, ...taken };
  }

  /** The last `Ready` was taken over: its write is under way, its messages and commands are where they belong. */
  advance(): void {
    assert(this.#isOutstanding, 'advance without a ready', { self: this.#member.self });
    this.#isOutstanding = false;
  }

  /** The write with this number, and all before it, are durable. */
  stored(number: number): void {
    const { outbox, log } = this.#member;
    const promises = outbox.stored(number);
    log.stored(number);
    for (const message of promises) {
      if (message.term !== this.#member.term) continue;
      if (message.to === this.#member.self) this.#inbox.read(message);
      else outbox.send(message);
    }
    this.#inbox.advanceCommit();
  }

  /** Storage has read what a `SnapshotRead` asked for. */
  snapshotBytes(answer: SnapshotBytes): void {
    this.#election.leadership?.replicator.snapshotBytes(answer);
  }

  /** What a snapshot of the state after applying `index` has to say about itself. Not while a snapshot is being taken over. */
  describeSnapshot(index: number): Pick<SnapshotMeta, 'index' | 'term' | 'configuration'> {
    const { log, configurations } = this.#member;
    const { handedOut, durable } = log;
    const term = log.term(index);
    assert(term !== undefined && index <= Math.min(handedOut, durable), 'no state at this index', {
      index,
      handedOut,
      durable,
    });
    return { index, term, configuration: configurations.at(index).configuration };
  }

  /** The disk has a newer snapshot of what was applied, and forgot entries it contains. */
  compacted(): void {
    this.#member.compacted();
  }

  /** The end of a turn: what its users asked for is asked of the leader, and what a leader has to send is sent. */
  #conclude(): void {
    const { leadership } = this.#election;
    const context = leadership === undefined ? undefined : this.#requests.takeContext();
    if (context !== undefined) leadership?.reads.readLocally(context);
    this.#requests.forward();
    leadership?.conclude();
  }

  #nextWrite(): Write | undefined {
    const { log, outbox, termIsDirty, hardState } = this.#member;
    const { hasUnwritten } = log;
    if (!termIsDirty && !hasUnwritten) return undefined;
    const number = outbox.issueWrite(termIsDirty, hasUnwritten);
    this.#member.termWritten();
    return { number, hardState, ...log.write(number) };
  }
}
