/** Bugs other systems had with the log and its commit, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { RaftCluster } from '../support/raft-cluster.js';
import { append, entriesOf, LoneMember, R2, R3 } from '../support/raft-lone.js';

describe('known bug 09: an entry of an earlier term is committed by counting its copies', () => {
  it('an entry of an earlier term is not committed by counting its copies', () => {
    const member = new LoneMember().begin(2, 1, 2).lead();
    member.hear({ kind: 'append-accepted', from: R2, term: 3, matched: 2 });
    member.hear({ kind: 'append-accepted', from: R3, term: 3, matched: 2 });
    expect(member.node.status.commit).toBe(0);
    member.hear({ kind: 'append-accepted', from: R2, term: 3, matched: 3 });
    expect(member.node.status.commit).toBe(3);
  });
});

describe('known bug 10: a follower commits more than the message has verified', () => {
  it('a follower commits only up to what this very message verified', () => {
    const member = new LoneMember().begin(1, 1, 1, 1, 1);
    member.hear(append(2, [1, 1], entriesOf(2, 1), 4));
    expect(member.node.status.commit).toBe(2);
    member.hear(append(2, [1, 1], [], 4));
    expect(member.node.status.commit).toBe(2);
  });

  it('a heartbeat tells no more than the follower is known to have', () => {
    const member = new LoneMember().lead();
    member.propose('a', 'b');
    member.persist();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 3 });
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 1 });
    expect(member.node.status.commit).toBe(3);
    member.said();
    member.tick();
    const heartbeats = member.said().filter((message) => message.kind === 'heartbeat');
    expect(heartbeats).toMatchObject([
      { to: R2, commit: 3 },
      { to: R3, commit: 1 },
    ]);
  });

  it('news of a commit tell no more than the follower is known to have', () => {
    const member = new LoneMember().lead();
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 1 });
    member.propose('a', 'b');
    member.persist();
    member.said();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 3 });
    expect(member.node.status.commit).toBe(3);
    expect(member.said()).toMatchObject([{ kind: 'commit-news', to: R2, commit: 3 }]);
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 2 });
    expect(member.said()).toMatchObject([{ kind: 'commit-news', to: R3, commit: 2 }]);
  });

  it('news of a commit beyond the own log commit no more than that', () => {
    const member = new LoneMember().begin(1, 1, 1);
    member.hear({ kind: 'commit-news', from: R2, term: 1, commit: 7 });
    expect(member.node.status.commit).toBe(2);
  });
});

describe('known bug 11: an old append takes away what was acknowledged', () => {
  it('an old append, arriving late, removes nothing', () => {
    const member = new LoneMember();
    member.hear(append(1, [0, 0], entriesOf(1, 1, 1, 1, 1)));
    member.hear(append(1, [0, 0], entriesOf(1, 1)));
    member.hear(append(1, [1, 1], []));
    member.persist();
    expect(member.terms).toEqual([1, 1, 1, 1]);
    expect(member.said()).toMatchObject([{ kind: 'append-accepted', matched: 4 }]);
  });
});

describe('known bug 12: a conflict leaves the rest of the log, or is seen where there is none', () => {
  it('at a conflict everything after it goes', () => {
    const member = new LoneMember().begin(2, 1, 1, 2, 2, 2);
    member.hear(append(3, [2, 1], entriesOf(3, 3)));
    member.persist();
    expect(member.terms).toEqual([1, 1, 3]);
    expect(member.disk.lastIndex()).toBe(3);
  });

  it('an append after a place that is compacted away is no conflict', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1').propose('a', 'b', 'c');
    cluster.flow();
    cluster.run(1);
    const replica = cluster.at('r2');
    replica.compact(0);
    expect(replica.node.status.firstIndex).toBe(5);
    const { id, node } = replica;
    const leader = cluster.at('r1');
    const entries = [2, 3, 4].flatMap((index) => leader.log.get(index) ?? []);
    replica.step({ ...append(1, [1, 1], entries, 4), from: leader.id, to: id } as Parameters<typeof replica.step>[0]);
    expect(node.status).toMatchObject({ lastIndex: 4, commit: 4 });
    expect(cluster.flying.at(-1)).toMatchObject({ kind: 'append-accepted', matched: 4 });
  });
});

describe('known bug 13: who waits for an entry is answered by its index alone', () => {
  it('who waits for a place in the log learns the term too, and finds another entry there', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const old = cluster.elect('r1');
    cluster.partition(['r1'], ['r2', 'r3']);
    const result = old.propose('mine');
    expect(result).toEqual({ kind: 'appended', firstIndex: 2, term: 1 });
    cluster.run(40);
    cluster.leader?.propose('theirs');
    cluster.heal();
    cluster.run(10);
    expect(old.log.get(2)?.term).toBeGreaterThan(1);
    expect(old.applied).toEqual(['theirs']);
  });

  it('a forwarded batch is answered with its term, and a repeated one is not appended again', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    cluster.elect('r1');
    const follower = cluster.at('r2');
    expect(follower.propose('a', 'b')).toMatchObject({ kind: 'forwarded', offset: 0 });
    cluster.flying.push(...cluster.flying);
    cluster.flow();
    cluster.run(1);
    expect(follower.outcomes).toMatchObject([{ kind: 'appended', firstIndex: 2, term: 1 }]);
    expect(follower.applied).toEqual(['a', 'b']);
  });
});

describe('known bug 14: an answer to something older counts towards the quorum', () => {
  it('answers of an older term count for nothing', () => {
    const member = new LoneMember().begin(1, 1, 1).lead();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 3 });
    expect(member.node.status.commit).toBe(0);
    expect(member.node.status.progress).toMatchObject([{ match: 0 }, { match: 0 }]);
  });

  it('an acceptance of more than there is counts for nothing', () => {
    const member = new LoneMember().lead();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 99 });
    expect(member.node.status).toMatchObject({ commit: 0, lastIndex: 1 });
  });
});

describe('known bug 15: answers are credited to the wrong member', () => {
  it('each answer is credited to who gave it', () => {
    const member = new LoneMember(['r1', 'r2', 'r3', 'r4', 'r5']);
    member.begin(1, 1);
    member.campaign();
    member.persist();
    for (const kind of ['pre-vote-answer', 'vote-answer'] as const) {
      for (const from of [R2, R3]) {
        const term = 2;
        if (kind === 'vote-answer') member.hear({ kind, from, term, granted: true });
        else member.hear({ kind, from, term, granted: true, removedAt: undefined });
        member.persist();
      }
    }
    expect(member.isLeader).toBe(true);
    for (let i = 0; i < 3; i += 1) member.hear({ kind: 'append-accepted', from: R2, term: 2, matched: 2 });
    expect(member.node.status.commit).toBe(0);
    expect(member.node.status.progress.map(({ match }) => match)).toEqual([2, 0, 0, 0]);
    member.hear({ kind: 'append-accepted', from: R3, term: 2, matched: 2 });
    expect(member.node.status.commit).toBe(2);
  });

  it('who votes twice has one vote', () => {
    const member = new LoneMember(['r1', 'r2', 'r3', 'r4', 'r5']);
    member.campaign();
    for (let i = 0; i < 4; i += 1) {
      member.hear({ kind: 'pre-vote-answer', from: R2, term: 1, granted: true, removedAt: undefined });
    }
    expect(member.node.softState.role).toBe('pre-candidate');
  });
});
