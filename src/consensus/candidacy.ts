/** A campaign, real or preliminary: who was asked, who has answered. */
import type { MemberId } from './configuration.js';
import type { Member } from './member.js';
import { tally, type Verdict } from './quorum.js';

export class Candidacy {
  readonly #member: Member;
  readonly #votes = new Map<MemberId, boolean>();

  constructor(member: Member) {
    this.#member = member;
  }

  /** The first answer of a member stands. */
  record(from: MemberId, granted: boolean): void {
    if (!this.#votes.has(from)) this.#votes.set(from, granted);
  }

  /** The configuration is looked up anew: only members it names now are counted. */
  verdict(): Verdict {
    return tally(this.#member.configuration, (member) => this.#votes.get(member));
  }

  /** Everybody else who has a vote. */
  electorate(): readonly MemberId[] {
    const { configuration, self } = this.#member;
    const voters = new Set([...configuration.voters, ...configuration.outgoing]);
    voters.delete(self);
    return [...voters].sort();
  }
}
