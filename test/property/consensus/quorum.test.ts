/** What majorities say, against a definition that tries every set of members. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Configuration, MemberId } from '../../../src/consensus/configuration.js';
import { reachedByQuorum, soonestQuorum, tally } from '../../../src/consensus/quorum.js';
import { memberNamed } from '../../support/raft-cluster.js';
import { runSeed } from '../../support/seeded-random.js';

const MEMBERS = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7'].map(memberNamed);
const seed = runSeed();

const some = fc.subarray(MEMBERS, { minLength: 1, maxLength: 5 });
const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: some,
  outgoing: fc.oneof(fc.constant([]), some),
  learners: fc.constant([]),
});

function subsetsOf<T>(items: readonly T[]): T[][] {
  const subsets: T[][] = [[]];
  for (const item of items) subsets.push(...subsets.map((subset) => [...subset, item]));
  return subsets;
}

/** More than half of the voters, and of the outgoing voters if there are any. */
function isQuorum({ voters, outgoing }: Configuration, set: readonly MemberId[]): boolean {
  return [voters, outgoing].every((half) => {
    let balance = 0;
    for (const member of half) balance += set.includes(member) ? 1 : -1;
    return half.length === 0 || balance > 0;
  });
}

function quorumsOf(configuration_: Configuration): MemberId[][] {
  return subsetsOf(MEMBERS).filter((set) => isQuorum(configuration_, set));
}

describe(`a quorum (seed ${seed})`, () => {
  it('has reached the most that all of some quorum have reached', () => {
    fc.assert(
      fc.property(configuration, fc.array(fc.nat({ max: 6 }), { minLength: 7, maxLength: 7 }), (members, numbers) => {
        const reached = (member: MemberId) => numbers[MEMBERS.indexOf(member)] ?? 0;
        const voters = new Set([...members.voters, ...members.outgoing]);
        const minima = quorumsOf(members).map((set) =>
          Math.min(...set.filter((member) => voters.has(member)).map(reached)),
        );
        expect(reachedByQuorum(members, reached)).toBe(Math.max(...minima));
      }),
      { seed },
    );
  });

  it('has decided as soon as no vote that is still open can change it, and never before', () => {
    const vote = fc.constantFrom(true, false, undefined);
    fc.assert(
      fc.property(configuration, fc.array(vote, { minLength: 7, maxLength: 7 }), (members, votes) => {
        const voteOf = (member: MemberId) => votes[MEMBERS.indexOf(member)];
        const granted = MEMBERS.filter((member) => voteOf(member) === true);
        const possible = MEMBERS.filter((member) => voteOf(member) !== false);
        const expected = isQuorum(members, granted) ? 'won' : isQuorum(members, possible) ? 'open' : 'lost';
        expect(tally(members, voteOf)).toBe(expected);
      }),
      { seed },
    );
  });

  it('overlaps with every other one, and in a change with those before and after it', () => {
    fc.assert(
      fc.property(some, some, (voters, outgoing) => {
        const joint = quorumsOf({ voters, outgoing, learners: [] });
        for (const plain of [
          quorumsOf({ voters, outgoing: [], learners: [] }),
          quorumsOf({ voters: outgoing, outgoing: [], learners: [] }),
        ]) {
          for (const a of plain.slice(0, 8))
            for (const b of joint) expect(a.some((member) => b.includes(member))).toBe(true);
        }
      }),
      { seed, numRuns: 20 },
    );
  });

  it('of the soonest has no member that it could do without, and none that is later than one left out', () => {
    const after = fc.oneof(fc.nat({ max: 9 }), fc.constant(Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(configuration, fc.array(after, { minLength: 7, maxLength: 7 }), (members, afters) => {
        const [self] = MEMBERS as [MemberId];
        const answersAfter = (member: MemberId) => afters[MEMBERS.indexOf(member)] ?? 0;
        const asked = soonestQuorum(members, self, answersAfter);
        const voters = [...new Set([...members.voters, ...members.outgoing])].filter((member) => member !== self);
        const answering = voters.filter((member) => answersAfter(member) < Number.POSITIVE_INFINITY);
        expect(asked !== undefined).toBe(isQuorum(members, [self, ...answering]));
        if (asked === undefined) return;
        expect(isQuorum(members, [self, ...asked])).toBe(true);
        expect(asked.length === 0 || !isQuorum(members, [self, ...asked.slice(0, -1)])).toBe(true);
        const latest = Math.max(...asked.map(answersAfter));
        for (const member of voters) expect(asked.includes(member) || answersAfter(member) >= latest).toBe(true);
      }),
      { seed },
    );
  });

  it('of nobody is never in the way', () => {
    const nobody: Configuration = { voters: [], outgoing: [], learners: [] };
    expect(reachedByQuorum(nobody, () => 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
