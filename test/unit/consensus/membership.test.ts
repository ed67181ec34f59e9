/** What a change of the membership asks for before it may begin. */
import { describe, expect, it } from 'vitest';
import { memberNamed, RaftCluster } from '../../support/raft-cluster.js';
import { LoneMember, R1, R3 } from '../../support/raft-lone.js';

const named = (...names: readonly string[]) => names.map(memberNamed);

describe('a change of members', () => {
  it('a new voter must first be a learner that follows closely', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2'], learners: ['r3'], tuning: { promotionMaxLagEntries: 2 } });
    const leader = cluster.elect('r1');
    cluster.run(2);
    const promotion = { voters: named('r1', 'r2', 'r3'), learners: [] };
    cluster.partition(['r1', 'r2'], ['r3']);
    leader.propose('a', 'b', 'c');
    cluster.flow();
    expect(leader.change(promotion)).toMatchObject({ kind: 'dropped', reason: 'not-caught-up' });
    expect(leader.change({ ...promotion, voters: named('r1', 'r2', 'r4') })).toMatchObject({ reason: 'not-caught-up' });
    cluster.heal();
    cluster.run(4);
    expect(leader.change(promotion)).toMatchObject({ kind: 'accepted' });
  });

  it.each([
    ['no voters', { voters: [], learners: [] }],
    ['the same member twice', { voters: named('r1', 'r2'), learners: named('r1') }],
    ['two incarnations of one replica voting', { voters: named('r1', "r1'"), learners: [] }],
  ])('refuses %s', (_, membership) => {
    const member = new LoneMember(['r1']).lead();
    member.persist();
    expect(member.change(membership)).toMatchObject({ kind: 'dropped', reason: 'invalid' });
  });

  it('refuses a change to what is already so', () => {
    const member = new LoneMember(['r1']).lead();
    member.persist();
    expect(member.change({ voters: [R1], learners: [] })).toMatchObject({ kind: 'dropped', reason: 'no-change' });
    expect(member.change({ voters: [R1], learners: [R3] })).toMatchObject({ kind: 'accepted' });
  });

  it('only a leader changes anything', () => {
    expect(new LoneMember().change({ voters: [R1], learners: [] })).toMatchObject({ reason: 'not-leader' });
  });
});
