/** Bugs other systems had with elections, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { RaftCluster } from '../support/raft-cluster.js';
import { LoneMember, R2, R3 } from '../support/raft-lone.js';

describe('known bug 20: pre-votes come to a dead end', () => {
  it('a long log of an old term and a short log of a new one find a leader', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.at('r1').disk.fill(2, [1, 1, 2, 2]);
    cluster.at('r2').disk.fill(9, [1]);
    for (const name of ['r1', 'r2']) cluster.at(name).restart();
    cluster.at('r3').crash();
    cluster.run(60);
    expect(cluster.leader).toBe(cluster.at('r1'));
    expect(cluster.at('r1').node.status.term).toBeGreaterThan(9);
  });

  it('a refused pre-vote teaches the newer term', () => {
    const member = new LoneMember().begin(2, 1, 2);
    member.campaign();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 9, granted: false, removedAt: undefined });
    expect(member.node.softState).toMatchObject({ role: 'follower', term: 9 });
  });

  it('a member of a newer term than its leader is not lost to it', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1').propose('a');
    cluster.flow();
    cluster.at('r3').crash();
    cluster.at('r3').disk.hardState = { ...cluster.at('r3').disk.hardState, term: 7, votedFor: undefined };
    cluster.at('r3').restart();
    cluster.run(60);
    expect(cluster.leader?.node.status.term).toBeGreaterThan(7);
    cluster.leader?.propose('b');
    cluster.run(2);
    for (const replica of cluster.replicas.values()) expect(replica.applied).toEqual(['a', 'b']);
  });

  it('a pre-vote counts only for the term it was asked for', () => {
    const member = new LoneMember().begin(3, 1);
    member.campaign();
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 7, granted: true, removedAt: undefined });
    expect(member.node.softState).toMatchObject({ role: 'pre-candidate', term: 3 });
    member.hear({ kind: 'pre-vote-answer', from: R2, term: 4, granted: true, removedAt: undefined });
    expect(member.node.softState).toMatchObject({ role: 'candidate', term: 4 });
  });

  it('what a member answered once is not undone by what it says later', () => {
    const member = new LoneMember(['r1', 'r2', 'r3', 'r4', 'r5']).begin(1, 1);
    member.campaign();
    const answers = [
      [R2, true],
      [R2, false],
      [R3, true],
    ] as const;
    for (const [from, granted] of answers) {
      member.hear({ kind: 'pre-vote-answer', from, term: granted ? 2 : 1, granted, removedAt: undefined });
    }
    expect(member.node.softState.role).toBe('candidate');
  });
});

describe('known bug 21: a member with few links deposes leaders for ever', () => {
  it('a member that one other cannot reach deposes nobody', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1');
    cluster.sever('r1', 'r3');
    cluster.run(300);
    expect(cluster.leader).toBe(cluster.at('r1'));
    expect(cluster.at('r1').node.status.term).toBe(1);
    expect(cluster.at('r2').propose('x')).toMatchObject({ kind: 'forwarded' });
    cluster.run(1);
    expect(cluster.at('r2').applied).toEqual(['x']);
  });

  it('a leader that reaches only the hub gives way to it', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3', 'r4', 'r5'] });
    cluster.elect('r1');
    const names = ['r1', 'r2', 'r3', 'r4'];
    for (const a of names) for (const b of names) if (a !== b) cluster.sever(a, b);
    cluster.run(10);
    expect(cluster.at('r1').isLeader).toBe(false);
    cluster.run(80);
    expect(cluster.leader).toBe(cluster.at('r5'));
    const { term } = cluster.at('r5').node.status;
    cluster.run(100);
    expect(cluster.at('r5').node.status).toMatchObject({ term, role: 'leader' });
  });

  it('a vote request is refused while a leader is heard, unless that leader asked for it', () => {
    const member = new LoneMember();
    member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 0, round: 0 });
    const request = { kind: 'vote-request', from: R3, term: 5, lastIndex: 9, lastTerm: 4, transfer: false } as const;
    expect(member.hear(request)).toEqual({ kind: 'refused', reason: 'shielded' });
    expect(member.node.softState.term).toBe(1);
    member.hear({ ...request, transfer: true });
    member.persist();
    expect(member.said().at(-1)).toMatchObject({ kind: 'vote-answer', granted: true });
  });

  it('a leader without a quorum steps down one election timeout after it heard the last of it', () => {
    const member = new LoneMember().lead();
    for (let i = 0; i < 9; i += 1) member.tick();
    member.hear({ kind: 'heartbeat-answer', from: R2, term: 1, round: 0 });
    for (let i = 0; i < 9; i += 1) member.tick();
    expect(member.isLeader).toBe(true);
    member.tick();
    expect(member.node.softState).toMatchObject({ role: 'follower', leader: undefined, term: 1 });
    expect(member.propose('x')).toEqual({ kind: 'dropped', reason: 'no-leader' });
  });
});
