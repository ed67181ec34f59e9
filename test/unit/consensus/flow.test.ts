/** How much is on its way at once, who may propose, and what becomes of requests nobody answers. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LogTail } from '../../../src/consensus/log-tail.js';
import type { Append, Message } from '../../../src/consensus/messages.js';
import { RaftCluster } from '../../support/raft-cluster.js';
import { append, entriesOf, LoneMember, R1, R2, R3 } from '../../support/raft-lone.js';

const appendsTo = (to: string, messages: readonly Message[]): Append[] =>
  messages.filter((message): message is Append => message.kind === 'append' && message.to === to);

function following(tuning = {}): LoneMember {
  const member = new LoneMember(['r1', 'r2', 'r3'], tuning).lead();
  member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 1 });
  member.said();
  return member;
}

describe('a leader', () => {
  it('sends what was proposed in one turn as one append, the same entries to all', () => {
    const member = following({ appendMaxBytes: 1_000 });
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 1 });
    member.said();
    member.node.propose([utf8Encode('a')]);
    member.node.propose([utf8Encode('b')]);
    member.settle();
    const sent = member.said() as Append[];
    expect(sent.map(({ kind, entries }) => [kind, entries.length])).toEqual([
      ['append', 2],
      ['append', 2],
    ]);
    expect(sent[0]?.entries).toBe(sent[1]?.entries);
  });

  it('cuts appends to size and sends no more of them at once than the window allows', () => {
    const member = following({ inflightMaxMessages: 3, appendMaxBytes: 40 });
    member.propose(...Array.from({ length: 10 }, (_, i) => `c${i}`));
    const sent = appendsTo(R2, member.said());
    expect(sent.map(({ previousIndex, entries }) => [previousIndex, entries.length])).toEqual([
      [1, 2],
      [3, 2],
      [5, 2],
    ]);
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 5 });
    expect(appendsTo(R2, member.said()).map(({ previousIndex }) => previousIndex)).toEqual([7, 9]);
  });

  it('tells a commit once, without asking for an answer, and with entries if there are any', () => {
    const member = following();
    member.propose('a');
    member.persist();
    member.said();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.said()).toMatchObject([{ kind: 'commit-news', to: R2, commit: 2 }]);
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.said()).toEqual([]);
    member.propose('b');
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'append', to: R2, commit: 2 }]);
    member.node.step({ kind: 'append-accepted', from: R2, to: R1, term: 1, matched: 3 });
    member.node.propose([utf8Encode('c')]);
    member.settle();
    expect(member.said()).toMatchObject([{ kind: 'append', to: R2, commit: 3 }]);
  });

  it('asks a member whose log it does not know with one append, and again after a heartbeat came back', () => {
    const member = new LoneMember().lead();
    member.propose('a');
    expect(appendsTo(R3, member.said())).toEqual([]);
    member.hear({ kind: 'heartbeat-answer', from: R3, term: 1, round: 0 });
    expect(appendsTo(R3, member.said())).toHaveLength(1);
    member.propose('b');
    expect(appendsTo(R3, member.said())).toEqual([]);
  });

  it('sends again what was lost once a heartbeat comes back, even with a full window', () => {
    const member = following({ inflightMaxMessages: 1, appendMaxBytes: 20 });
    member.propose('a', 'b');
    expect(appendsTo(R2, member.said())).toHaveLength(1);
    member.hear({ kind: 'heartbeat-answer', from: R2, term: 1, round: 0 });
    expect(appendsTo(R2, member.said()).length).toBeGreaterThan(0);
    member.hear({ kind: 'append-rejected', from: R2, term: 1, previousIndex: 2, hintIndex: 1, hintTerm: 1 });
    expect(appendsTo(R2, member.said())).toMatchObject([{ previousIndex: 1 }]);
  });

  it('ignores a refusal that is older than what it knows', () => {
    const member = following();
    member.propose('a');
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    member.said();
    member.hear({ kind: 'append-rejected', from: R2, term: 1, previousIndex: 1, hintIndex: 0, hintTerm: 0 });
    expect(member.node.status.progress[0]).toMatchObject({ state: 'replicate', match: 2 });
    expect(member.said()).toEqual([]);
  });

  it('counts for nothing what a refusal hints at', () => {
    const member = new LoneMember().begin(1, 1, 1, 1).lead();
    member.hear({ kind: 'append-rejected', from: R3, term: 2, previousIndex: 3, hintIndex: 2, hintTerm: 1 });
    expect(appendsTo(R3, member.said())).toMatchObject([{ previousIndex: 2 }]);
    expect(member.node.status.progress[1]).toMatchObject({ state: 'probe', match: 0 });
  });

  it('does not forget what a member has because an older answer arrives later', () => {
    const member = following();
    member.propose('a', 'b');
    for (const matched of [3, 1]) member.hear({ kind: 'append-accepted', from: R2, term: 1, matched });
    expect(member.node.status.progress[0]).toMatchObject({ state: 'replicate', match: 3 });
  });

  it('goes on sending a snapshot when an older answer arrives', () => {
    const member = following();
    member.propose('a', 'b');
    member.persist();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 3 });
    member.compact(0);
    member.hear({ kind: 'heartbeat-answer', from: R3, term: 1, round: 0 });
    expect(member.saidKinds()).toContain('snapshot-chunk');
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 1 });
    expect(member.said()).toEqual([]);
    expect(member.node.status.progress[1]).toMatchObject({ state: 'snapshot', match: 1 });
    member.hear({ kind: 'append-accepted', from: R3, term: 1, matched: 3 });
    expect(member.node.status.progress[1]).toMatchObject({ state: 'probe', match: 3 });
  });

  it('refuses proposals while too much is not committed, and takes them again afterwards', () => {
    const member = following({ uncommittedMaxBytes: 60 });
    expect(member.propose('x'.repeat(40))).toMatchObject({ kind: 'appended', firstIndex: 2 });
    expect(member.propose('x'.repeat(40))).toEqual({ kind: 'dropped', reason: 'overloaded' });
    member.persist();
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.propose('x'.repeat(400))).toMatchObject({ kind: 'appended', firstIndex: 3 });
  });

  it('is told to give way by the first word of a newer term', () => {
    const member = following();
    member.hear({ kind: 'append-rejected', from: R2, term: 4, previousIndex: 0, hintIndex: 0, hintTerm: 0 });
    expect(member.node.softState).toMatchObject({ role: 'follower', term: 4, leader: undefined });
  });

  it('applies nothing that only its own disk has', () => {
    const member = following();
    member.propose('a');
    member.persist();
    expect(member.applied).toEqual([]);
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.applied).toEqual(['a']);
  });

  it('tells its heir to campaign once that has all of the log, and not before', () => {
    const member = following();
    member.propose('a');
    expect(member.transfer(R2)).toEqual({ kind: 'accepted' });
    expect(member.saidKinds()).not.toContain('handover');
    member.hear({ kind: 'append-accepted', from: R2, term: 1, matched: 2 });
    expect(member.saidKinds()).toContain('handover');
  });

  it('hands the leadership only to a voter, and to one at a time', () => {
    const member = following();
    expect(member.transfer(R1)).toEqual({ kind: 'dropped', reason: 'not-a-voter' });
    expect(member.transfer(R2)).toEqual({ kind: 'accepted' });
    expect(member.saidKinds()).toEqual(['handover']);
    expect(member.transfer(R3)).toEqual({ kind: 'dropped', reason: 'transferring' });
    expect(new LoneMember().transfer(R2)).toEqual({ kind: 'dropped', reason: 'not-leader' });
  });
});

describe('a follower', () => {
  it('answers all appends of one turn, and all that one write makes durable, with one acceptance', () => {
    const member = new LoneMember();
    for (const message of [append(1, [0, 0], entriesOf(1, 1, 1)), append(1, [2, 1], entriesOf(3, 1))]) {
      member.node.step({ ...message, to: R1 } as Message);
    }
    member.settle();
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'append-accepted', matched: 3 }]);
  });

  it('does not answer news of a commit, and learns what it missed from the next heartbeat', () => {
    const member = new LoneMember();
    member.hear(append(1, [0, 0], entriesOf(1, 1, 1)));
    member.persist();
    member.said();
    member.hear({ kind: 'commit-news', from: R2, term: 1, commit: 1 });
    expect(member.said()).toEqual([]);
    expect(member.applied).toEqual(['1.1']);
    member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 2, round: 0 });
    expect(member.applied).toEqual(['1.1', '1.2']);
  });

  it('tells a leader of an older term that speaks of commits about the newer one', () => {
    const member = new LoneMember().begin(3, 1);
    member.hear({ kind: 'commit-news', from: R2, term: 2, commit: 1 });
    expect(member.said()).toMatchObject([{ kind: 'append-rejected', to: R2, term: 3 }]);
    expect(member.node.status.commit).toBe(0);
  });

  it('forwards what its users ask in one turn as one batch and one question', () => {
    const member = new LoneMember();
    member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 0, round: 0 });
    member.said();
    const first = member.node.propose([utf8Encode('a'), utf8Encode('b')]);
    const second = member.node.propose([utf8Encode('c')]);
    const reads = [member.node.readIndex(), member.node.readIndex()];
    member.settle();
    const batch = first.kind === 'forwarded' ? first.batch : -1;
    expect(second).toEqual({ kind: 'forwarded', batch, offset: 2 });
    expect(reads[0]).toEqual(reads[1]);
    expect(member.saidKinds().sort()).toEqual(['forwarded-proposals', 'read-request']);
  });

  it('does not know what became of proposals whose leader is gone, and says so', () => {
    const member = new LoneMember();
    member.hear({ kind: 'heartbeat', from: R2, term: 1, commit: 0, round: 0 });
    const result = member.propose('a');
    const context = member.read();
    member.hear({ kind: 'heartbeat', from: R3, term: 2, commit: 0, round: 0 });
    expect(result).toMatchObject({ kind: 'forwarded' });
    expect(member.outcomes).toMatchObject([{ kind: 'unknown' }]);
    expect(member.readStates).toEqual([{ kind: 'dropped', context }]);
  });

  it.each([
    ['is longer and of an older term', 9, 1, false],
    ['is shorter', 1, 2, false],
    ['ends like the own one', 2, 2, true],
    ['is shorter and of a newer term', 1, 3, true],
  ])('votes, or not, for who has a log that %s: index %i of term %i, %s', (_, lastIndex, lastTerm, granted) => {
    const member = new LoneMember().begin(2, 1, 2);
    member.hear({ kind: 'vote-request', from: R2, term: 4, lastIndex, lastTerm, transfer: false });
    member.persist();
    expect(member.said()).toMatchObject([{ kind: 'vote-answer', term: 4, granted }]);
  });

  it('learns that the leader did not take its proposals', () => {
    const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'], tuning: { uncommittedMaxBytes: 50 } });
    cluster.elect('r1');
    cluster.partition(['r1', 'r2']);
    cluster.at('r1').propose('x'.repeat(40));
    cluster.at('r2').propose('x'.repeat(40));
    for (const message of cluster.flying.filter(({ kind }) => kind === 'forwarded-proposals')) cluster.hand(message);
    for (const message of cluster.flying.filter(({ kind }) => kind === 'proposals-answer')) cluster.hand(message);
    expect(cluster.at('r2').outcomes).toMatchObject([{ kind: 'dropped' }]);
  });

  it.each([
    ['with a hole', append(1, [0, 0], entriesOf(2, 1))],
    ['whose terms fall', append(2, [0, 0], entriesOf(1, 2, 1))],
    ['with entries of a term to come', append(1, [0, 0], entriesOf(1, 2))],
    ['of term zero', append(0, [0, 0], [])],
    ['with a negative place', append(1, [-1, 0], [])],
    ['with a fraction for a commit', append(1, [0, 0], [], 0.5)],
  ])('refuses an append %s', (_, message) => {
    const member = new LoneMember();
    expect(member.hear(message)).toEqual({ kind: 'refused', reason: 'malformed' });
    expect(member.node.status).toMatchObject({ term: 0, lastIndex: 0 });
  });

  it('refuses answers and requests of strangers, whatever their term', () => {
    const member = following();
    const from = 'r9~00000001' as typeof R2;
    expect(
      member.hear({ kind: 'append-rejected', from, term: 9, previousIndex: 0, hintIndex: 0, hintTerm: 0 }),
    ).toEqual({
      kind: 'refused',
      reason: 'stranger',
    });
    expect(member.hear({ kind: 'read-request', from, term: 1, session: 1, context: 1 })).toMatchObject({
      kind: 'refused',
    });
    expect(member.isLeader).toBe(true);
  });

  it('stops the process if two leaders speak in one term', () => {
    const member = new LoneMember();
    member.hear(append(1, [0, 0], []));
    expect(() => member.hear({ ...append(1, [0, 0], []), from: R3 })).toThrow('two leaders in one term');
  });
});

describe('the end of the log in memory', () => {
  it('keeps what is not durable, however much it is, and little else', () => {
    const tail = new LogTail(1);
    for (const entry of entriesOf(1, ...Array<number>(10_000).fill(1))) tail.push(entry);
    tail.trim(100);
    expect([tail.firstIndex, tail.lastIndex]).toEqual([101, 10_000]);
    tail.trim(10_000);
    expect(tail.lastIndex - tail.firstIndex + 1).toBe(4_096);
    expect(tail.at(10_000)?.index).toBe(10_000);
  });
});

describe('the caller', () => {
  it('must advance before it asks again, and report writes in order', () => {
    const member = new LoneMember();
    member.node.campaign();
    expect(member.node.ready()).toBeDefined();
    expect(() => member.node.ready()).toThrow('ready before the last one was advanced');
    member.node.advance();
    expect(() => member.node.advance()).toThrow('advance without a ready');
    expect(() => member.node.stored(1)).toThrow('not issued');
  });

  it('is not asked for anything when there is nothing to do', () => {
    const member = following();
    expect(member.node.ready()).toBeUndefined();
  });
});
