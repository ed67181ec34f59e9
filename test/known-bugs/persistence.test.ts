/** Bugs other systems had with what is on disk and what is said about it, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { RaftCluster } from '../support/raft-cluster.js';
import { append, entriesOf, LoneMember, R2, R3 } from '../support/raft-lone.js';

const votes = (term: number, from = R2, lastIndex = 0, lastTerm = 0) =>
  ({ kind: 'vote-request', from, term, lastIndex, lastTerm, transfer: false }) as const;

describe('known bug 01: an answer leaves before what it promises is on disk', () => {
  it('neither a vote nor an acceptance leaves before it is durable', () => {
    const member = new LoneMember();
    member.hear(votes(1));
    expect(member.said()).toEqual([]);
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'vote-answer', granted: true, term: 1 }]);
    member.hear(append(1, [0, 0], entriesOf(1, 1, 1)));
    expect(member.said()).toEqual([]);
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'append-accepted', matched: 2 }]);
  });

  it('an answer to a heartbeat waits for the term it was given in, and for nothing else', () => {
    const member = new LoneMember();
    member.hear({ kind: 'heartbeat', from: R2, term: 3, commit: 0, round: 7 });
    expect(member.said()).toEqual([]);
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'heartbeat-answer', term: 3, round: 7 }]);
    member.hear(append(3, [0, 0], entriesOf(1, 3)));
    member.hear({ kind: 'heartbeat', from: R2, term: 3, commit: 0, round: 8 });
    expect(member.said()).toMatchObject([{ kind: 'heartbeat-answer', round: 8 }]);
  });

  it('a candidate asks for votes only when its own is durable', () => {
    const member = new LoneMember();
    member.campaign();
    member.said();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 1, granted: true, removedAt: undefined });
    expect(member.node.softState.role).toBe('candidate');
    expect(member.said()).toEqual([]);
    member.persist();
    expect(member.saidKinds()).toEqual(['vote-request', 'vote-request']);
  });
});

describe('known bug 02: term and vote are written in two steps', () => {
  it('term and vote are one write, so a crash never leaves the one without the other', () => {
    const member = new LoneMember();
    member.hear(votes(5));
    expect(member.disk.pendingWrites).toBe(1);
    member.crash();
    member.restart();
    member.hear(votes(5, R3));
    member.persist();
    expect(member.disk.hardState).toMatchObject({ term: 5, votedFor: R3 });
    member.crash();
    member.restart();
    member.said();
    member.hear(votes(5, R2));
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'vote-answer', granted: false }]);
  });
});

describe('known bug 03: a vote is forgotten within its term', () => {
  it('a vote outlives a lost election and a leader of the same term', () => {
    const member = new LoneMember();
    member.hear(votes(1, R2));
    member.persist();
    member.hear({ kind: 'heartbeat', from: R3, term: 1, commit: 0, round: 0 });
    member.persist();
    expect(member.disk.hardState.votedFor).toBe(R2);
    for (let i = 0; i < 30; i += 1) member.tick();
    member.said();
    member.hear(votes(1, R3));
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'vote-answer', granted: false }]);
  });

  it('a candidate that lost keeps the vote it gave itself', () => {
    const member = new LoneMember();
    member.campaign();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 1, granted: true, removedAt: undefined });
    member.persist();
    member.hear({ kind: 'vote-answer', from: R2, term: 1, granted: false });
    member.hear({ kind: 'vote-answer', from: R3, term: 1, granted: false });
    expect(member.node.softState).toMatchObject({ role: 'follower', term: 1 });
    member.said();
    member.hear(votes(1, R2));
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'vote-answer', granted: false }]);
  });

  it('a granted pre-vote is no vote', () => {
    const member = new LoneMember(['r1', 'r2', 'r3']);
    member.campaign();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 1, granted: true, removedAt: undefined });
    member.persist();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 1, granted: true, removedAt: undefined });
    member.hear({ kind: 'pre-vote-answer', from: R3, term: 2, granted: true, removedAt: undefined });
    expect(member.node.softState.role).toBe('candidate');
  });
});

describe('known bug 04: a leader counts itself before its own disk has the entry', () => {
  it('a cluster of one commits nothing before its own disk has it', () => {
    const member = new LoneMember(['r1']);
    member.campaign();
    expect(member.node.softState.role).toBe('candidate');
    member.persist();
    expect(member.isLeader).toBe(true);
    member.propose('x');
    expect(member.node.status.commit).toBe(1);
    expect(member.applied).toEqual([]);
    member.persist();
    expect(member.applied).toEqual(['x']);
  });

  it('a leader does not count itself before its own disk has the entry', () => {
    const member = new LoneMember().lead();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 1 });
    member.propose('x');
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.node.status.commit).toBe(1);
    member.persist();
    expect(member.node.status.commit).toBe(2);
  });

  it('two followers commit without the leader, which applies when its own disk has caught up', () => {
    const member = new LoneMember().lead();
    member.propose('x');
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 2 });
    expect(member.node.status.commit).toBe(2);
    expect(member.applied).toEqual([]);
    member.persist();
    expect(member.applied).toEqual(['x']);
  });
});

describe('known bug 05: the applied index and the state are stored apart', () => {
  it('what was applied before a restart is not handed out again', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1').propose('a', 'b');
    cluster.flow();
    const replica = cluster.at('r2');
    replica.compact(10);
    replica.crash();
    replica.restart();
    expect(replica.node.status.handedOut).toBe(replica.disk.snapshot().index);
    expect(replica.applied).toEqual(['a', 'b']);
    cluster.at('r1').propose('c');
    cluster.run(1);
    expect(replica.applied).toEqual(['a', 'b', 'c']);
  });
});

describe('known bug 06: what was truncated still counts as written', () => {
  it('a truncation takes back what writes before it made, or will make, durable', () => {
    const member = new LoneMember();
    member.hear(append(1, [0, 0], entriesOf(1, 1, 1, 1, 1)));
    member.hear({ ...append(2, [1, 1], entriesOf(2, 2)), from: R3 });
    member.persist(1);
    expect(member.node.status.durable).toBe(1);
    expect(member.said()).toEqual([]);
    member.persist(1);
    expect(member.node.status.durable).toBe(2);
    expect(member.said()).toMatchObject([{ kind: 'append-accepted', to: R3, matched: 2 }]);
  });

  it('entries that are gone are not reported even if equal ones come back before the disk is done', () => {
    const member = new LoneMember();
    member.hear(append(1, [0, 0], entriesOf(1, 1, 1, 1)));
    member.hear({ ...append(2, [1, 1], entriesOf(2, 2)), from: R3 });
    member.hear(append(3, [1, 1], entriesOf(2, 1, 1)));
    member.persist(1);
    expect(member.node.status.durable).toBe(1);
    member.persist();
    expect(member.node.status.durable).toBe(3);
    expect(member.disk.entries(1, 4, 1_000).map(({ term }) => term)).toEqual([1, 1, 1]);
  });
});

describe('known bug 07: a member that lost its disk votes', () => {
  it('who comes back with an empty disk is somebody else, has no vote and is not heard under the old name', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1').propose('x');
    cluster.flow();
    for (const name of ['r2', 'r3']) {
      cluster.at(name).crash();
      cluster.replicas.delete(name);
      cluster.add(`${name}'`);
    }
    cluster.at('r1').crash();
    for (const name of ["r2'", "r3'"]) cluster.at(name).campaign();
    cluster.run(60);
    expect(cluster.leader).toBeUndefined();
    cluster.at('r1').restart();
    cluster.run(60);
    expect(cluster.leader).toBeUndefined();
    expect(cluster.at("r2'").node.softState.standing).toBe('stranger');
  });

  it('a message for another incarnation is refused', () => {
    const member = new LoneMember();
    const to = R3;
    expect(member.step({ ...votes(1), to })).toEqual({ kind: 'refused', reason: 'other-incarnation' });
  });
});
