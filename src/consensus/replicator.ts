/** A leader's work on the logs of the others: what to send to whom, and how far everybody is. */
import type { MemberId } from './configuration.js';
import { membersOf } from './configuration.js';
import type { Entry } from './entry.js';
import type { Member } from './member.js';
import type { AppendAccepted, AppendRejected, CommitNews, SnapshotWanted } from './messages.js';
import { Progress } from './progress.js';
import { reachedByQuorum, soonestQuorum, tally } from './quorum.js';
import type { ProgressStatus, SnapshotBytes } from './raft-types.js';
import { SnapshotSender } from './snapshot-sender.js';

export class Replicator {
  readonly #member: Member;
  readonly #snapshots: SnapshotSender;
  readonly #progress = new Map<MemberId, Progress>();
  /** The slice read last: most followers need the same one, and get the same array. */
  #shared: { readonly from: number; readonly last: number; readonly entries: readonly Entry[] } | undefined;

  constructor(member: Member) {
    this.#member = member;
    this.#snapshots = new SnapshotSender(member);
    this.syncMembers();
  }

  /** The configuration has changed: newcomers are probed with the newest entry, the removed forgotten. */
  syncMembers(): void {
    const { configuration, self, log } = this.#member;
    const others = new Set(membersOf(configuration));
    others.delete(self);
    for (const id of this.#progress.keys()) if (!others.has(id)) this.#progress.delete(id);
    for (const id of others) if (!this.#progress.has(id)) this.#progress.set(id, new Progress(log.lastIndex));
  }

  /** How far the log of a member is known to be equal and durable; this member's own is, as far as its disk says. */
  matchOf(id: MemberId): number {
    return id === this.#member.self ? this.#member.log.durable : (this.#progress.get(id)?.match ?? 0);
  }

  /** The greatest index that a quorum has on disk and whose entry is of this term: all up to it is committed (5.4.2). */
  committable(): number {
    const { log, configuration, term } = this.#member;
    const index = reachedByQuorum(configuration, (id) => this.matchOf(id));
    return index > log.commit && log.matches(index, term) ? index : log.commit;
  }

  /** Whether a quorum was heard within an election timeout. */
  get hearsQuorum(): boolean {
    const { configuration, self } = this.#member;
    return tally(configuration, (id) => id === self || this.#hears(this.#progress.get(id))) === 'won';
  }

  heard(from: MemberId): void {
    const progress = this.#progress.get(from);
    if (progress !== undefined) progress.silentTicks = 0;
  }

  /** Whether the member's log goes where this one goes, and is close behind it. */
  isCaughtUp(id: MemberId): boolean {
    const progress = this.#progress.get(id);
    const { log, options } = this.#member;
    return progress?.state === 'replicate' && log.lastIndex - progress.match <= options.promotionMaxLagEntries;
  }

  accepted({ from, matched }: AppendAccepted): void {
    if (matched <= this.#member.log.lastIndex) this.#progress.get(from)?.accepted(matched);
  }

  rejected({ from, previousIndex, hintIndex, hintTerm }: AppendRejected): void {
    const next = this.#member.log.lastWithin(hintIndex, hintTerm) + 1;
    this.#progress.get(from)?.rejected(previousIndex, next);
  }

  /** A heartbeat came back: send again what may have been lost. */
  heartbeatAnswered(from: MemberId): void {
    const progress = this.#progress.get(from);
    if (progress === undefined) return;
    const { log, options } = this.#member;
    progress.retry(options.inflightMaxMessages);
    const behind = progress.match < log.lastIndex || progress.state === 'probe';
    if (behind && progress.maySend(options.inflightMaxMessages)) this.#append(from, progress);
  }

  snapshotWanted(message: SnapshotWanted): void {
    const progress = this.#progress.get(message.from);
    if (progress !== undefined) this.#snapshots.wanted(message, progress);
  }

  snapshotBytes(answer: SnapshotBytes): void {
    const progress = this.#progress.get(answer.to);
    if (progress !== undefined) this.#snapshots.bytes(answer, progress);
  }

  tick(): void {
    for (const [id, progress] of this.#progress) {
      progress.silentTicks += 1;
      this.#snapshots.tick(id, progress);
    }
  }

  /** The members that answer soonest and make a quorum with this one; undefined if there are not enough that were heard lately. */
  get soonestQuorum(): readonly MemberId[] | undefined {
    const { configuration, self, options } = this.#member;
    const isHeard = (id: MemberId) => (this.#progress.get(id)?.silentTicks ?? Infinity) <= 2 * options.heartbeatTicks;
    return soonestQuorum(configuration, self, (id) => (isHeard(id) ? options.answersAfterTicks(id) : Infinity));
  }

  /** The member, or a user of it, waits until it knows that what is up to `index` is committed. */
  awaits(id: MemberId, index: number): void {
    this.#progress.get(id)?.awaits(index);
  }

  /** To everybody, or to `members` only. */
  heartbeat(round: number, members?: readonly MemberId[]): void {
    const { self: from, term, log, outbox } = this.#member;
    for (const [to, { match }] of this.#progress) {
      if (members?.includes(to) === false) continue;
      outbox.send({ kind: 'heartbeat', from, to, term, commit: Math.min(match, log.commit), round });
    }
  }

  /** Send every member what it lacks, as far as its window allows. */
  replicate(): void {
    const { log, options } = this.#member;
    for (const [to, progress] of this.#progress) {
      while (progress.maySend(options.inflightMaxMessages) && progress.next <= log.lastIndex)
        this.#append(to, progress);
      this.#tellCommit(to, progress);
    }
    this.#shared = undefined;
  }

  statuses(): readonly ProgressStatus[] {
    return [...this.#progress].map(([member, progress]) => {
      const { state, match } = progress;
      return { member, state, match, active: this.#hears(progress) };
    });
  }

  #hears(progress: Progress | undefined): boolean {
    return progress !== undefined && progress.silentTicks < this.#member.options.electionTicks;
  }

  /** What no append of this turn has told. A member whose log is not known to follow this one learns it by heartbeats. */
  #tellCommit(to: MemberId, progress: Progress): void {
    const { self: from, term, log, outbox } = this.#member;
    const commit = Math.min(progress.match, log.commit);
    if (progress.state !== 'replicate' || progress.commitTold >= commit) return;
    const news: CommitNews = { kind: 'commit-news', from, to, term, commit };
    if (progress.isAwaitingCommit) outbox.send(news);
    else outbox.mention(news);
    progress.commitTold = commit;
  }

  #append(to: MemberId, progress: Progress): void {
    const { self: from, term, log, outbox } = this.#member;
    const previousIndex = progress.next - 1;
    const previousTerm = log.term(previousIndex);
    if (previousTerm === undefined) {
      this.#snapshots.start(to, progress);
      return;
    }
    const entries = this.#entriesFrom(progress.next);
    const { commit } = log;
    outbox.send({ kind: 'append', from, to, term, previousIndex, previousTerm, entries, commit });
    progress.sent(previousIndex + entries.length, commit);
  }

  #entriesFrom(from: number): readonly Entry[] {
    const { log, options } = this.#member;
    const last = log.lastIndex;
    if (this.#shared?.from !== from || this.#shared.last !== last) {
      this.#shared = { from, last, entries: log.slice(from, last + 1, options.appendMaxBytes) };
    }
    return this.#shared.entries;
  }
}
