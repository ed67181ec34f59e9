/** Bugs other systems had with changes of membership, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { memberNamed, RaftCluster } from '../support/raft-cluster.js';
import { LoneMember, R1, R2 } from '../support/raft-lone.js';

const named = (...names: readonly string[]) => names.map(memberNamed);

describe('known bug 25: two changes of members meet in majorities without a common member', () => {
  it('no change begins before the leader has committed an entry of its own term', () => {
    const member = new LoneMember().begin(1, 1).lead();
    const change = { voters: [R1, R2], learners: [] };
    expect(member.change(change)).toMatchObject({ kind: 'dropped', reason: 'term-not-committed' });
    member.hear({ kind: 'append-accepted', from: R2, term: 2, matched: 2 });
    expect(member.change(change)).toEqual({ kind: 'accepted', index: 3, term: 2 });
    expect(member.change(change)).toMatchObject({ kind: 'dropped', reason: 'change-in-progress' });
  });

  it.each([
    ['the new ones alone do not', ['r1', 'r4', 'r5', 'r6'], false],
    ['the old ones alone do not', ['r1', 'r2', 'r3', 'r4'], false],
    ['a majority of both does', ['r1', 'r2', 'r4', 'r5'], true],
  ])('to commit a change to entirely different voters, %s', (_, group, isEnough) => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'], learners: ['r4', 'r5', 'r6'] });
    const leader = cluster.elect('r1');
    cluster.run(2);
    cluster.partition(group);
    expect(leader.change({ voters: named('r4', 'r5', 'r6'), learners: [] })).toMatchObject({ kind: 'accepted' });
    cluster.run(5);
    expect(leader.node.status.commit > 1).toBe(isEnough);
    const { configuration } = (isEnough ? cluster.leader : leader)?.node.status ?? {};
    expect(configuration).toMatchObject({ voters: named('r4', 'r5', 'r6') });
    expect(configuration?.outgoing).toEqual(isEnough ? [] : named('r1', 'r2', 'r3'));
  });
});

describe('known bug 26: a configuration outlives its entry', () => {
  it('an uncommitted configuration goes with its entry', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const old = cluster.elect('r1');
    const before = old.node.status.configuration;
    cluster.partition(['r1'], ['r2', 'r3']);
    old.change({ voters: named('r1'), learners: [] });
    old.persist();
    expect(old.node.status.configuration.outgoing).toHaveLength(3);
    cluster.run(40);
    cluster.heal();
    cluster.run(10);
    expect(old.node.status.configuration).toEqual(before);
    old.crash();
    old.restart();
    expect(old.node.status.configuration).toEqual(before);
  });

  it('a restart finds the configurations of the log again, and the one before when the last one goes', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const old = cluster.elect('r1');
    cluster.partition(['r1'], ['r2', 'r3']);
    old.change({ voters: named('r1', 'r2'), learners: [] });
    old.persist();
    old.crash();
    old.restart();
    expect(old.node.status.configuration.voters).toEqual(named('r1', 'r2'));
    cluster.run(40);
    cluster.heal();
    cluster.run(10);
    expect(old.node.status.configuration).toMatchObject({ voters: named('r1', 'r2', 'r3'), outgoing: [] });
  });

  it('a snapshot carries the configuration of its index, not a later one', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const leader = cluster.elect('r1');
    cluster.partition(['r1'], ['r2', 'r3']);
    leader.change({ voters: named('r1', 'r2'), learners: [] });
    leader.persist();
    expect(leader.node.describeSnapshot(leader.appliedIndex).configuration.voters).toEqual(named('r1', 'r2', 'r3'));
  });
});

describe('known bug 27: a change of members during a partition loses updates', () => {
  it('a change during a partition loses nothing that was committed', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'], learners: ['r4'] });
    const old = cluster.elect('r1');
    cluster.run(2);
    old.propose('before');
    cluster.flow();
    cluster.partition(['r1', 'r4'], ['r2', 'r3']);
    old.change({ voters: named('r1', 'r4'), learners: [] });
    old.propose('never');
    cluster.run(40);
    cluster.leader?.propose('meanwhile');
    cluster.run(2);
    cluster.heal();
    cluster.run(10);
    for (const replica of cluster.replicas.values()) expect(replica.applied).toEqual(['before', 'meanwhile']);
  });

  it('a leader that removes itself goes on until that is committed, and loses nothing', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const leader = cluster.elect('r1');
    leader.change({ voters: named('r2', 'r3'), learners: [] });
    leader.propose('last');
    cluster.run(5);
    expect(leader.isLeader).toBe(false);
    for (const name of ['r2', 'r3']) expect(cluster.at(name).applied).toEqual(['last']);
    expect(cluster.leader?.node.status.configuration).toMatchObject({ voters: named('r2', 'r3'), outgoing: [] });
  });
});
