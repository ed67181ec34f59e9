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
