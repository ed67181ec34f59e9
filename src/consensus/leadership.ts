/** One term of a leader: proposals, commits, reads, changes of membership, and handing over. */

import { Backlog } from './backlog.js';
import { refuseChange } from './change-rules.js';
import {
  type Configuration,
  firstStepTo,
  isJoint,
  isVoter,
  type MemberId,
  type Membership,
  settled,
} from './configuration.js';
import { DuplicateGate } from './duplicate-gate.js';
import { type ConfigurationEntry, entrySizeBytes, type Proposal } from './entry.js';
import type { Member } from './member.js';
import type {
  AppendAccepted,
  AppendRejected,
  ForwardedProposals,
  HeartbeatAnswer,
  ReadRequest,
  SnapshotWanted,
} from './messages.js';
import type { ChangeResult, DropReason, ProposeResult, TransferResult } from './raft-types.js';
import { ReadService } from './read-service.js';
import { Replicator } from './replicator.js';
import { Succession } from './succession.js';

/** What is said to a leader. */
type LeadershipMessage =
  | AppendAccepted
  | AppendRejected
  | HeartbeatAnswer
  | SnapshotWanted
  | ForwardedProposals
  | ReadRequest;

export class Leadership {
  readonly replicator: Replicator;
  readonly #member: Member;
  readonly reads: ReadService;
  readonly #gate = new DuplicateGate();
  readonly #backlog: Backlog;
  readonly #firstIndex: number;
  readonly #succession = new Succession();
  #heartbeatTicks = 0;

  constructor(member: Member) {
    const { log, configuration, options } = member;
    this.#member = member;
    this.reads = new ReadService(member);
    this.#firstIndex = log.lastIndex + 1;
    this.#backlog = new Backlog(options.uncommittedMaxBytes);
    this.#member.append(this.#firstIndex === 1 ? { kind: 'configuration', configuration } : { kind: 'empty' });
    this.replicator = new Replicator(member);
  }

  /** An entry of this term is committed, so the leader knows what is. */
  get isEstablished(): boolean {
    return this.#member.log.commit >= this.#firstIndex;
  }

  propose(commands: readonly Uint8Array[]): ProposeResult {
    const proposals = commands.map((bytes): Proposal => ({ kind: 'command', bytes }));
    const bytes = proposals.reduce((sum, proposal) => sum + entrySizeBytes(proposal), 0);
    const reason = this.#refusal(bytes);
    if (reason !== undefined) return { kind: 'dropped', reason };
    const firstIndex = this.#member.log.lastIndex + 1;
    for (const proposal of proposals) this.#member.append(proposal);
    this.#backlog.appended(this.#member.log.lastIndex, bytes);
    return { kind: 'appended', firstIndex, term: this.#member.term };
  }

  receive(message: LeadershipMessage): void {
    this.replicator.heard(message.from);
    switch (message.kind) {
      case 'append-accepted':
        this.replicator.accepted(message);
        break;
      case 'append-rejected':
        this.replicator.rejected(message);
        break;
      case 'heartbeat-answer':
        this.reads.answered(message);
        this.replicator.heartbeatAnswered(message.from);
        break;
      case 'snapshot-wanted':
        this.replicator.snapshotWanted(message);
        break;
      case 'forwarded-proposals':
        this.#takeForwarded(message);
        break;
      case 'read-request':
        this.#takeReader(message);
        break;
    }
  }

  #takeForwarded(message: ForwardedProposals): void {
    if (!this.#gate.admit(message)) return;
    const { session, batch, from: to, commands } = message;
    const { self: from, term, outbox } = this.#member;
    const result = this.propose(commands);
    if (result.kind === 'appended') this.replicator.awaits(to, this.#member.log.lastIndex);
    const appended = result.kind === 'appended' ? { firstIndex: result.firstIndex, term } : undefined;
    outbox.send({ kind: 'proposals-answer', from, to, term, session, batch, appended });
  }

  #takeReader(request: ReadRequest): void {
    this.replicator.awaits(request.from, this.#member.log.commit);
    if (!this.isEstablished || !this.reads.answerAtOnce(request)) this.reads.readRemotely(request);
  }

  /** The end of a turn: begin what waits to be begun and send what was appended. */
  conclude(): void {
    if (this.isEstablished && this.reads.hasWaiting) this.#beginRound();
    this.replicator.replicate();
    const heir = this.#succession.takeReady(this.#member.log.lastIndex, (id) => this.replicator.matchOf(id));
    if (heir !== undefined) this.#handOver(heir);
  }

  /** Any quorum confirms a round: those are asked who answer soonest. */
  #beginRound(): void {
    const { options } = this.#member;
    const soonest = this.replicator.soonestQuorum;
    const usualTicks = Math.max(0, ...(soonest ?? []).map(options.answersAfterTicks));
    this.reads.begin(soonest === undefined ? Number.POSITIVE_INFINITY : 2 + Math.ceil(usualTicks * 2));
    this.replicator.heartbeat(this.reads.round, soonest);
    this.reads.answerConfirmed();
  }

  /** False if this leader must step down, because no quorum was heard for an election timeout. */
  tick(): boolean {
    const { electionTicks, heartbeatTicks } = this.#member.options;
    this.#heartbeatTicks += 1;
    this.replicator.tick();
    this.#succession.tick(electionTicks);
    const isOverdue = this.reads.tick();
    if (isOverdue || this.#heartbeatTicks >= heartbeatTicks) {
      this.#heartbeatTicks = 0;
      this.replicator.heartbeat(this.reads.round);
    }
    return this.replicator.hearsQuorum;
  }

  /** Something became durable somewhere. False if what is committed now leaves this leader out. */
  advanceCommit(): boolean {
    const { log, configurations, self } = this.#member;
    const index = this.replicator.committable();
    if (index === log.commit) return true;
    log.commitTo(index);
    this.#backlog.committed(index);
    const { index: placedAt, configuration } = configurations.latest;
    if (placedAt > index) return true;
    if (isJoint(configuration)) this.#adopt(settled(configuration));
    return isJoint(configuration) || isVoter(configuration, self);
  }

  transfer(to: MemberId): TransferResult {
    if (this.#succession.heir !== undefined) return { kind: 'dropped', reason: 'transferring' };
    const { configuration, self } = this.#member;
    if (to === self || !configuration.voters.includes(to)) return { kind: 'dropped', reason: 'not-a-voter' };
    this.#succession.begin(to);
    return { kind: 'accepted' };
  }

  change(membership: Membership): ChangeResult {
    const { heir } = this.#succession;
    if (heir !== undefined) return { kind: 'dropped', reason: 'transferring', detail: `${heir} is to lead` };
    const refusal = refuseChange(membership, this.#member, this.replicator, this.isEstablished);
    return refusal ?? { kind: 'accepted', ...this.#adopt(firstStepTo(membership, this.#member.configuration)) };
  }

  /** This leader is left out: let the one who knows most campaign at once, so that nobody waits for a timeout. */
  bowOut(): void {
    const { configuration } = this.#member;
    this.replicator.replicate();
    const [best] = [...configuration.voters].sort((a, b) => this.replicator.matchOf(b) - this.replicator.matchOf(a));
    if (best !== undefined) this.#handOver(best);
  }

  #adopt(configuration: Configuration): { readonly index: number; readonly term: number } {
    const entry = this.#member.append({ kind: 'configuration', configuration }) as ConfigurationEntry;
    this.replicator.syncMembers();
    return { index: entry.index, term: entry.term };
  }

  #refusal(bytes: number): DropReason | undefined {
    if (this.#succession.heir !== undefined) return 'transferring';
    return this.#backlog.admits(bytes) ? undefined : 'overloaded';
  }

  #handOver(to: MemberId): void {
    const { self: from, term, outbox } = this.#member;
    outbox.send({ kind: 'handover', from, to, term });
  }
}
