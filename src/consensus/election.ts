/**
 * Which role a member plays and how it comes to it: follower, pre-candidate, candidate, leader (sections 5.2 and 5.4.1;
 * pre-vote after the dissertation, section 9.6).
 */
import { Candidacy } from './candidacy.js';
import type { MemberId } from './configuration.js';
import { Leadership } from './leadership.js';
import type { Member } from './member.js';
import type { PreVoteAnswer, VoteAnswer } from './messages.js';
import type { Role } from './raft-types.js';

export class Election {
  readonly #member: Member;
  #role: Role = 'follower';
  #candidacy: Candidacy | undefined;
  #leadership: Leadership | undefined;

  constructor(member: Member) {
    this.#member = member;
  }

  get role(): Role {
    return this.#role;
  }

  /** Present in a leader. */
  get leadership(): Leadership | undefined {
    return this.#leadership;
  }

  /** Follow whoever leads this term, or a newer one. */
  follow(term: number, leader: MemberId | undefined): void {
    if (term > this.#member.term) this.#member.enterTerm(term);
    this.#leadership?.reads.end();
    this.#leadership = undefined;
    this.#candidacy = undefined;
    this.#role = 'follower';
    this.#member.leader = leader;
    this.#member.resetPatience();
  }

  /** Nobody leads, as far as can be told. Who may tries to; the others wait. */
  leaderLost(): void {
    if (this.#member.mayCampaign) this.preCampaign();
    else this.follow(this.#member.term, undefined);
  }

  /** Ask whether an election could be won before disturbing anybody with a new term. */
  preCampaign(): void {
    const { self: from, term, log, outbox } = this.#member;
    const candidacy = this.#stand('pre-candidate', term);
    candidacy.record(from, true);
    const { lastIndex, lastTerm } = log;
    for (const to of candidacy.electorate()) {
      outbox.send({ kind: 'pre-vote-request', from, to, term: term + 1, lastIndex, lastTerm });
    }
    this.#conclude();
  }

  /** The own vote is a promise like any other: it counts once it is durable. */
  campaign(transfer: boolean): void {
    const { self: from, log, outbox } = this.#member;
    const candidacy = this.#stand('candidate', this.#member.term + 1);
    this.#member.voteFor(from);
    const { term } = this.#member;
    const { lastIndex, lastTerm } = log;
    for (const to of candidacy.electorate()) {
      outbox.promise('term', { kind: 'vote-request', from, to, term, lastIndex, lastTerm, transfer });
    }
    outbox.promise('term', { kind: 'vote-answer', from, to: from, term, granted: true });
  }

  /** A grant counts for the term it was asked for; whatever its term, a refusal may tell that this member was removed. */
  preVoteAnswered({ from, term, granted, removedAt }: PreVoteAnswer): void {
    if (removedAt !== undefined) this.#learnRemoval(removedAt);
    if (this.#role !== 'pre-candidate' || (granted && term !== this.#member.term + 1)) return;
    this.#candidacy?.record(from, granted);
    this.#conclude();
  }

  voteAnswered({ from, granted }: VoteAnswer): void {
    if (this.#role !== 'candidate') return;
    this.#candidacy?.record(from, granted);
    this.#conclude();
  }

  #learnRemoval(index: number): void {
    this.#member.removedAt = Math.max(this.#member.removedAt, index);
    if (this.#member.standing === 'removed' && this.#leadership === undefined)
      this.follow(this.#member.term, undefined);
  }

  #stand(role: Role, term: number): Candidacy {
    this.follow(term, undefined);
    this.#role = role;
    const candidacy = new Candidacy(this.#member);
    this.#candidacy = candidacy;
    return candidacy;
  }

  #conclude(): void {
    const verdict = this.#candidacy?.verdict();
    if (verdict === 'lost') this.follow(this.#member.term, undefined);
    else if (verdict === 'won' && this.#role === 'pre-candidate') this.campaign(false);
    else if (verdict === 'won') this.#lead();
  }

  #lead(): void {
    this.follow(this.#member.term, this.#member.self);
    this.#role = 'leader';
    this.#leadership = new Leadership(this.#member);
  }
}
