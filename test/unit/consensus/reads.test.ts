/** Whom a leader asks before it tells an index to read at, and whom it need not ask. */
import { describe, expect, it } from 'vitest';
import type { MemberId } from '../../../src/consensus/configuration.js';
import { memberNamed } from '../../support/raft-cluster.js';
import { LoneMember, R2, R3 } from '../../support/raft-lone.js';

const UNKNOWN = Number.POSITIVE_INFINITY;
const HEARTBEAT_TICKS = 8;

/** A leader of r1 to r3 that has heard them all. */
function leading(answersAfterTicks: (member: MemberId) => number): LoneMember {
  const member = new LoneMember(undefined, { answersAfterTicks, heartbeatTicks: HEARTBEAT_TICKS, electionTicks: 40 });
  member.lead();
  for (const from of [R2, R3]) member.hear({ kind: 'append-accepted', from, term: 1, matched: 1 });
  member.said();
  member.mentioned.length = 0;
  return member;
}

const asked = (member: LoneMember) => member.said().map(({ kind, to }) => (kind === 'heartbeat' ? to : kind));
const answer = (from: MemberId, round: number) => ({ kind: 'heartbeat-answer', from, term: 1, round }) as const;
const question = (from: MemberId, term = 1) => ({ kind: 'read-request', from, term, session: 7, context: 1 }) as const;

describe('a leader that is asked for an index to read at', () => {
  it('asks those who answer soonest, as many as a majority needs', () => {
    const member = leading((id) => (id === R3 ? 1 : 2));
    const context = member.read();
    expect(asked(member)).toEqual([R3]);
    member.hear(answer(R3, 1));
    expect(member.readStates).toEqual([{ kind: 'ready', context, index: 1 }]);
  });

  it('asks everybody if it does not know who answers', () => {
    const member = leading(() => UNKNOWN);
    member.read();
    expect(asked(member)).toEqual([R2, R3]);
  });

  it('asks everybody, once, when those who were asked take twice as long as they use to and two ticks more', () => {
    const member = leading((id) => (id === R3 ? 1 : 2));
    const context = member.read();
    member.said();
    for (let i = 0; i < 3; i += 1) member.tick();
    expect(asked(member)).toEqual([]);
    member.tick();
    expect(asked(member)).toEqual([R2, R3]);
    member.tick();
    expect(asked(member)).toEqual([]);
    member.hear(answer(R2, 1));
    expect(member.readStates).toEqual([{ kind: 'ready', context, index: 1 }]);
  });

  it('does not rely on who was not heard for two heartbeats', () => {
    const member = leading((id) => (id === R3 ? 1 : 2));
    for (let i = 0; i <= 2 * HEARTBEAT_TICKS; i += 1) {
      member.hear(answer(R2, 0));
      member.tick();
    }
    member.said();
    member.read();
    expect(asked(member)).toEqual([R2]);
    for (let i = 0; i <= 2 * HEARTBEAT_TICKS; i += 1) member.tick();
    member.said();
    member.read();
    expect(asked(member)).toEqual([R2, R3]);
  });

  it('asks nobody for a follower with which it is a majority: the question says whom it followed', () => {
    const member = leading(() => 1);
    member.hear(question(R2));
    expect(member.said()).toMatchObject([{ kind: 'read-answer', to: R2, session: 7, context: 1, index: 1 }]);
  });

  it('takes the question of an earlier term for nothing', () => {
    const member = new LoneMember().begin(1, 1).lead();
    member.hear({ kind: 'append-accepted', from: R2, term: 2, matched: 2 });
    member.said();
    expect(member.hear(question(R2, 1))).toMatchObject({ kind: 'refused', reason: 'stale' });
    expect(member.said()).toEqual([]);
  });

  it('asks others for a follower with which it is no majority', () => {
    const member = new LoneMember(['r1', 'r2', 'r3', 'r4', 'r5']);
    member.campaign();
    for (const from of [R2, R3]) {
      member.hear({ kind: 'pre-vote-answer', from, term: 1, granted: true, removedAt: undefined });
    }
    member.persist();
    for (const from of [R2, R3]) member.hear({ kind: 'vote-answer', from, term: 1, granted: true });
    member.persist();
    for (const from of [R2, R3]) member.hear({ kind: 'append-accepted', from, term: 1, matched: 1 });
    member.said();
    member.hear(question(R2));
    expect(member.saidKinds()).not.toContain('read-answer');
    for (const name of ['r3', 'r4']) member.hear(answer(memberNamed(name), 1));
    expect(member.saidKinds()).toContain('read-answer');
  });

  it('tells a follower nothing either before it has committed an entry of its own term', () => {
    const member = new LoneMember().begin(1, 1, 1).lead();
    member.hear(question(R2, 2));
    expect(member.saidKinds()).not.toContain('read-answer');
    member.hear({ kind: 'append-accepted', from: R2, term: 2, matched: 3 });
    member.hear({ kind: 'heartbeat-answer', from: R2, term: 2, round: 1 });
    expect(member.said().find(({ kind }) => kind === 'read-answer')).toMatchObject({ to: R2, index: 3 });
  });
});

describe('news of a commit', () => {
  function committing(): LoneMember {
    const member = leading(() => 1);
    member.propose('a');
    member.persist();
    return member;
  }

  it('may leave with something else where nobody is known to wait for them', () => {
    const member = committing();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.mentioned).toMatchObject([{ to: R2, commit: 2 }]);
  });

  it('leave at once to a follower that has proposed what was committed', () => {
    const member = leading(() => 1);
    const commands = [new Uint8Array([1])];
    member.hear({ kind: 'forwarded-proposals', from: R2, term: 1, session: 7, batch: 1, commands });
    member.persist();
    for (const from of [R2, R3]) member.hear({ kind: 'append-accepted', from, term: 1, matched: 2 });
    expect(member.mentioned).toMatchObject([{ to: R3 }]);
    expect(member.said()).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ kind: 'commit-news', to: R2 })]),
    );
  });

  it('leave at once to a follower that was told to read at what it does not know to be committed', () => {
    const member = committing();
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 2 });
    member.hear(question(R2));
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.mentioned).toMatchObject([{ to: R3 }]);
    expect(member.said().at(-1)).toMatchObject({ kind: 'commit-news', to: R2, commit: 2 });
  });
});
