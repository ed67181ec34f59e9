/** What majorities say, in plain and joint configurations. */
import type { Configuration, MemberId } from './configuration.js';

export type Verdict = 'won' | 'lost' | 'open';

/**
 * The greatest number that a majority of voters has reached (and of outgoing voters, if there are any); `reached` gives
 * each member's. Infinity if nobody votes.
 */
export function reachedByQuorum({ voters, outgoing }: Configuration, reached: (member: MemberId) => number): number {
  return Math.min(reachedByMajority(voters, reached), reachedByMajority(outgoing, reached));
}

/** The outcome of a vote so far; `voteOf` gives a member's, undefined while it has not voted. */
export function tally({ voters, outgoing }: Configuration, voteOf: (member: MemberId) => boolean | undefined): Verdict {
  const verdicts = [tallyMajority(voters, voteOf), tallyMajority(outgoing, voteOf)];
  if (verdicts.includes('lost')) return 'lost';
  return verdicts.includes('open') ? 'open' : 'won';
}

/**
 * Whom to ask what any quorum can answer: the members that answer soonest and make a quorum together with `self`.
 * `answersAfter` says how soon each can be expected to, Infinity if not at all; undefined if there are not enough.
 */
export function soonestQuorum(
  configuration: Configuration,
  self: MemberId,
  answersAfter: (member: MemberId) => number,
): readonly MemberId[] | undefined {
  const voters = new Set([...configuration.voters, ...configuration.outgoing]);
  voters.delete(self);
  const soonest = [...voters]
    .map((member) => ({ member, after: answersAfter(member) }))
    .filter(({ after }) => after < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.after - b.after)
    .map(({ member }) => member);
  for (let count = 0; count <= soonest.length; count += 1) {
    const asked = soonest.slice(0, count);
    if (tally(configuration, (voter) => voter === self || asked.includes(voter) || undefined) === 'won') return asked;
  }
  return undefined;
}

function majorityOf(members: readonly MemberId[]): number {
  return Math.floor(members.length / 2) + 1;
}

function reachedByMajority(members: readonly MemberId[], reached: (member: MemberId) => number): number {
  if (members.length === 0) return Number.POSITIVE_INFINITY;
  const descending = members.map(reached).sort((a, b) => b - a);
  return descending[majorityOf(members) - 1] as number;
}

function tallyMajority(members: readonly MemberId[], voteOf: (member: MemberId) => boolean | undefined): Verdict {
  if (members.length === 0) return 'won';
  const votes = members.map(voteOf);
  const granted = votes.filter((vote) => vote === true).length;
  const open = votes.filter((vote) => vote === undefined).length;
  const majority = majorityOf(members);
  if (granted >= majority) return 'won';
  return granted + open >= majority ? 'open' : 'lost';
}
