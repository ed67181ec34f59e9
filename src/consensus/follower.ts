/** What a member does with what a leader says, and how it answers those who want to become leader. */
import { isMember } from './configuration.js';
import type { Member } from './member.js';
import type {
  Append,
  CommitNews,
  Heartbeat,
  LeaderMessage,
  PreVoteRequest,
  SnapshotChunk,
  VoteRequest,
} from './messages.js';
import { SnapshotReceiver } from './snapshot-receiver.js';

export class Follower {
  readonly #member: Member;
  readonly #snapshots: SnapshotReceiver;

  constructor(member: Member) {
    this.#member = member;
    this.#snapshots = new SnapshotReceiver(member);
  }

  append(message: Append): void {
    const { log } = this.#member;
    const { from, previousIndex, previousTerm, entries, commit } = message;
    if (previousIndex < log.commit) this.#snapshots.accept(from, log.commit);
    else if (!log.matches(previousIndex, previousTerm)) this.#reject(message);
    else {
      this.#member.merge(entries);
      const verified = previousIndex + entries.length;
      log.commitTo(Math.min(commit, verified));
      this.#snapshots.overtaken();
      this.#snapshots.accept(from, verified);
    }
  }

  heartbeat({ from: to, commit, round }: Heartbeat): void {
    const { self: from, term, log, outbox } = this.#member;
    log.commitTo(Math.min(commit, log.lastIndex));
    outbox.promise('term', { kind: 'heartbeat-answer', from, to, term, round });
  }

  /** As far as the leader knows this log to be equal to its own, which is said in this term: no answer is owed. */
  commitNews({ commit }: CommitNews): void {
    const { log } = this.#member;
    log.commitTo(Math.min(commit, log.lastIndex));
  }

  snapshot(message: SnapshotChunk): void {
    this.#snapshots.receive(message);
  }

  /** A leader of an older term speaks: let it know the newer one, or it would go on for ever. */
  outdated({ from: to }: LeaderMessage): void {
    const { self: from, term, outbox } = this.#member;
    const nothing = { previousIndex: 0, hintIndex: 0, hintTerm: 0 };
    outbox.promise('term', { kind: 'append-rejected', from, to, term, ...nothing });
  }

  /** Nothing is promised, so nothing needs to be durable; and a refusal teaches the candidate the newer term. */
  preVote({ from: to, term: proposed, lastIndex, lastTerm }: PreVoteRequest): void {
    const { self: from, term: own, log, outbox, configurations, hearsLeader } = this.#member;
    const { index, configuration } = configurations.at(log.commit);
    const removedAt = index > 0 && !isMember(configuration, to) ? index : undefined;
    const granted = proposed > own && !hearsLeader && log.isUpToDate(lastIndex, lastTerm);
    const term = granted ? proposed : own;
    outbox.send({ kind: 'pre-vote-answer', from, to, term, granted, removedAt });
  }

  vote({ from: to, term, lastIndex, lastTerm }: VoteRequest): void {
    const { self: from, term: own, votedFor, leader, log, outbox } = this.#member;
    const isFree = votedFor === to || (votedFor === undefined && leader === undefined);
    const granted = term === own && isFree && log.isUpToDate(lastIndex, lastTerm);
    if (granted) {
      if (votedFor === undefined) this.#member.voteFor(to);
      this.#member.resetPatience();
    }
    outbox.promise('term', { kind: 'vote-answer', from, to, term: own, granted });
  }

  #reject({ from: to, previousIndex, previousTerm }: Append): void {
    const { self: from, term, log, outbox } = this.#member;
    const hintIndex = log.lastWithin(previousIndex, previousTerm);
    const hintTerm = log.term(hintIndex) ?? 0;
    outbox.promise('term', { kind: 'append-rejected', from, to, term, previousIndex, hintIndex, hintTerm });
  }
}
