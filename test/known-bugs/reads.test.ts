/** Bugs other systems had with reads, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { RaftCluster } from '../support/raft-cluster.js';
import { LoneMember, R2, R3 } from '../support/raft-lone.js';

const heartbeatAnswer = (round: number, from = R2, term = 1) =>
  ({ kind: 'heartbeat-answer', from, term, round }) as const;

describe('known bug 16: a read index is told before the leader has committed in its own term', () => {
  it('a leader tells no index before it has committed an entry of its own term', () => {
    const member = new LoneMember().begin(1, 1, 1).lead();
    const context = member.read();
    expect(member.said()).toEqual([]);
    member.tick();
    for (const round of [0, 1]) member.hear(heartbeatAnswer(round, R2, 2));
    expect(member.readStates).toEqual([]);
    member.hear({ kind: 'append-accepted', from: R2, term: 2, matched: 3 });
    member.hear(heartbeatAnswer(1, R2, 2));
    expect(member.readStates).toEqual([{ kind: 'ready', context, index: 3 }]);
  });
});

describe('known bug 17: an old answer confirms a newer read', () => {
  it('an answer to an earlier round does not confirm a later question', () => {
    const member = established();
    const first = member.read();
    const second = member.read();
    expect(first).not.toBe(second);
    member.hear(heartbeatAnswer(1));
    expect(member.readStates).toMatchObject([{ context: first }]);
    member.hear(heartbeatAnswer(1, R3));
    member.hear(heartbeatAnswer(0, R3));
    expect(member.readStates).toHaveLength(1);
    member.hear(heartbeatAnswer(2, R3));
    expect(member.readStates).toMatchObject([{ context: first }, { context: second }]);
  });

  it('an answer to a round that never began confirms nothing', () => {
    const member = established();
    member.hear(heartbeatAnswer(9));
    member.read();
    expect(member.readStates).toEqual([]);
  });

  it('a heartbeat that is repeated for a round answers only those who asked before it began', () => {
    const member = established();
    const first = member.read();
    member.tick();
    member.tick();
    const rounds = member.said().flatMap((message) => (message.kind === 'heartbeat' ? [message.round] : []));
    expect(new Set(rounds)).toEqual(new Set([1]));
    const second = member.read();
    member.hear(heartbeatAnswer(1));
    expect(member.readStates).toMatchObject([{ context: first }]);
    member.hear(heartbeatAnswer(2));
    expect(member.readStates.at(-1)).toMatchObject({ context: second });
  });

  it('a follower that asks again asks under a new number, and takes no answer for another', () => {
    const member = new LoneMember();
    member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 0, round: 0 });
    const first = member.read();
    const [request] = member.said();
    const session = request?.kind === 'read-request' ? request.session : -1;
    for (let i = 0; i < 11; i += 1) {
      member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 0, round: 0 });
      member.tick();
    }
    expect(member.readStates).toEqual([{ kind: 'dropped', context: first }]);
    const second = member.read();
    expect(second).not.toBe(first);
    member.hear({ kind: 'read-answer', from: R2, term: 1, session, context: first ?? 0, index: 1 });
    member.hear({ kind: 'read-answer', from: R2, term: 1, session: session + 1, context: second ?? 0, index: 1 });
    expect(member.readStates).toHaveLength(1);
    member.hear({ kind: 'read-answer', from: R2, term: 1, session, context: second ?? 0, index: 7 });
    expect(member.readStates.at(-1)).toEqual({ kind: 'ready', context: second, index: 7 });
  });
});

describe('known bug 18: reads are served while the log is still replayed', () => {
  it('after a restart no index is told that leaves out what was committed before', () => {
    const member = new LoneMember(['r1']).lead();
    member.propose('a', 'b');
    member.persist();
    member.crash();
    member.restart();
    expect(member.read()).toBeUndefined();
    member.campaign();
    expect(member.read()).toBeUndefined();
    member.persist(1);
    expect(member.isLeader).toBe(true);
    const context = member.read();
    expect(member.readStates).toEqual([]);
    member.persist();
    expect(member.readStates).toEqual([{ kind: 'ready', context, index: 4 }]);
  });
});

describe('known bug 19: a leader that was paused serves reads', () => {
  it('a leader that slept through the election of another answers nothing when it wakes', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
    const sleeper = cluster.elect('r1');
    cluster.flying = [];
    for (let i = 0; i < 60; i += 1) {
      for (const name of ['r2', 'r3']) cluster.at(name).tick();
      for (const message of cluster.flying.splice(0)) if (message.to !== sleeper.id) cluster.hand(message);
      for (const name of ['r2', 'r3']) cluster.at(name).persist();
    }
    expect(cluster.leader).not.toBe(sleeper);
    expect(sleeper.isLeader).toBe(true);
    const context = sleeper.read();
    expect(sleeper.readStates).toEqual([]);
    cluster.flow();
    expect(sleeper.readStates).toEqual([{ kind: 'dropped', context }]);
  });
});

function established(): LoneMember {
  const member = new LoneMember().lead();
  member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 1 });
  expect(member.node.status.commit).toBe(1);
  member.said();
  return member;
}
