/**
 * What a member is, whatever its role: its term and vote, its log, the configurations in it, whom it follows and for how
 * long it has not heard from anybody. Roles act on it; it decides nothing.
 */
import { type Configuration, isVoter, type MemberId } from './configuration.js';
import { ConfigurationHistory } from './configuration-history.js';
import type { Entry, Proposal } from './entry.js';
import { RaftLog } from './log.js';
import type { SnapshotMeta } from './log-reader.js';
import { Outbox } from './outbox.js';
import type { HardState, RaftOptions, Recovered, Standing } from './raft-types.js';

export class Member {
  readonly options: RaftOptions;
  readonly self: MemberId;
  readonly log: RaftLog;
  readonly configurations: ConfigurationHistory;
  readonly outbox = new Outbox();
  /** Tells requests of this run from those of an earlier one. */
  readonly session: number;
  leader: MemberId | undefined;
  /** A committed configuration at this index leaves this member out. */
  removedAt = 0;
  #term: number;
  #votedFor: MemberId | undefined;
  #termIsDirty = false;
  #silentTicks = 0;
  #electionTimeoutTicks = 0;

  constructor(options: RaftOptions, { hardState, log, applied }: Recovered) {
    const { index, configuration } = log.snapshot();
    this.options = options;
    this.self = options.self;
    this.session = options.random.u32();
    this.#term = hardState.term;
    this.#votedFor = hardState.votedFor;
    this.log = new RaftLog(log, hardState.commit, applied);
    this.configurations = new ConfigurationHistory({ index, configuration });
    for (const entry of log.configurationEntries()) if (entry.index > index) this.configurations.append(entry);
    this.resetPatience();
  }

  get term(): number {
    return this.#term;
  }

  get votedFor(): MemberId | undefined {
    return this.#votedFor;
  }

  /** The newest configuration in the log, committed or not. */
  get configuration(): Configuration {
    return this.configurations.latest.configuration;
  }

  get hardState(): HardState {
    return { term: this.#term, votedFor: this.#votedFor, commit: this.log.commit };
  }

  get standing(): Standing {
    const { configuration, index } = this.configurations.latest;
    if (this.removedAt > index) return 'removed';
    if (isVoter(configuration, this.self)) return 'voter';
    return configuration.learners.includes(this.self) ? 'learner' : 'stranger';
  }

  /**
   * A member that the newest configuration leaves out still campaigns until it knows that configuration to be committed: it
   * may be the only one whose log the others can accept (dissertation, section 4.2.2). Its own vote does not count then.
   */
  get mayCampaign(): boolean {
    const { standing } = this;
    if (standing === 'voter' || standing === 'removed') return standing === 'voter';
    return isVoter(this.configurations.at(this.log.commit).configuration, this.self);
  }

  /** Term or vote are not written yet. */
  get termIsDirty(): boolean {
    return this.#termIsDirty;
  }

  /** A leader was heard so recently that no election can be needed. */
  get hearsLeader(): boolean {
    return this.leader !== undefined && this.#silentTicks < this.options.electionTicks;
  }

  /** No leader was heard for so long that it is time to campaign. */
  get isImpatient(): boolean {
    return this.#silentTicks >= this.#electionTimeoutTicks;
  }

  /** Enter a newer term; only this forgets a vote. */
  enterTerm(term: number): void {
    this.#term = term;
    this.#votedFor = undefined;
    this.#termIsDirty = true;
  }

  voteFor(member: MemberId): void {
    this.#votedFor = member;
    this.#termIsDirty = true;
  }

  termWritten(): void {
    this.#termIsDirty = false;
  }

  tick(): void {
    this.#silentTicks += 1;
  }

  /** Wait a while again before campaigning, a different one each time so that elections seldom collide. */
  resetPatience(): void {
    const { electionTicks, random } = this.options;
    this.#silentTicks = 0;
    this.#electionTimeoutTicks = electionTicks + Math.floor(random.float() * electionTicks);
  }

  /** Append as the leader of this term. */
  append(proposal: Proposal): Entry {
    const entry = this.log.append(proposal, this.#term);
    if (entry.kind === 'configuration') this.configurations.append(entry);
    return entry;
  }

  /** Take over a leader's entries. A configuration goes with its entry and comes with it. */
  merge(entries: readonly Entry[]): void {
    const fresh = this.log.merge(entries);
    const [first] = fresh;
    if (first !== undefined) this.configurations.truncate(first.index);
    for (const entry of fresh) if (entry.kind === 'configuration') this.configurations.append(entry);
  }

  restore(snapshot: SnapshotMeta): void {
    this.log.restore(snapshot);
    this.configurations.reset(snapshot);
  }

  compacted(): void {
    this.log.compacted();
    this.configurations.compact(this.log.snapshot.index);
  }
}
