/** The driver of the total order: founding, messages that are not for it, stamping, changes of members, and what ends it. */
import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { DecodeError, utf8Decode, utf8Encode } from '../../../src/base/bytes.js';
import { makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { RaftOrder } from '../../../src/replica/order/raft-order.js';
import { ListedState } from '../../support/listed-state.js';
import { memberNamed } from '../../support/raft-cluster.js';
import { RaftOrderCluster } from '../../support/raft-order-cluster.js';
import { seededRandom } from '../../support/seeded-random.js';

async function started(options: ConstructorParameters<typeof RaftOrderCluster>[0] = {}): Promise<RaftOrderCluster> {
  const cluster = new RaftOrderCluster(options);
  await cluster.start();
  await cluster.pass(300);
  return cluster;
}

const leaderOf = (cluster: RaftOrderCluster): number => {
  if (cluster.leader === undefined) throw new Error('no leader');
  return cluster.leader;
};
const followerOf = (cluster: RaftOrderCluster): number => (leaderOf(cluster) + 1) % cluster.members.length;

function appendAll(cluster: RaftOrderCluster, member: number, ...texts: readonly string[]): unknown[] {
  const results: unknown[] = [];
  for (const text of texts) cluster.run(member).order.append(utf8Encode(text), (result) => results.push(result));
  return results;
}

const textsAt = (cluster: RaftOrderCluster, member: number): string[] =>
  cluster.run(member).state.entries.flatMap(({ text }) => (text === '' ? [] : [text]));

describe('founding an order', () => {
  it('is for a blank member; afterwards none of its members is blank', async () => {
    const cluster = new RaftOrderCluster();
    for (const index of cluster.members.keys()) cluster.open(index);
    await cluster.pass(2_000);
    expect(cluster.members.map(({ run }) => run?.order.isBlank)).toEqual([true, true, true]);
    expect(cluster.run(0).order).toMatchObject({ hasLeader: false, isLeader: false });
    const { order } = cluster.run(0);
    const membership = { voters: cluster.members.map(({ origin }) => origin), learners: [] };
    const founded = order.found(membership);
    expect(order.isBlank).toBe(false);
    expect(() => order.found(membership)).toThrow('founded by a member that knows one');
    await cluster.pass(300);
    await founded;
    expect(cluster.leader).toBe(0);
    expect(cluster.members.map(({ run }) => run?.order.isBlank)).toEqual([false, false, false]);
    expect(cluster.run(2).order.status()).toMatchObject({ standing: 'voter', configurationIndex: 1 });
    await cluster.close();
  });

  it('has happened or not when the founder dies meanwhile, and is never half done', async () => {
    const outcomes = new Set<boolean>();
    for (let seed = 1; seed <= 8; seed += 1) {
      const cluster = new RaftOrderCluster({ seed, members: 1 });
      cluster.open(0);
      await cluster.pass(50);
      void cluster.run(0).order.found({ voters: [cluster.member(0).origin], learners: [] });
      await cluster.pass(0);
      cluster.crash(0);
      const { order } = cluster.open(0);
      await cluster.pass(2_000);
      outcomes.add(order.isBlank);
      expect(order.isLeader).toBe(!order.isBlank);
      await cluster.close();
    }
    expect(outcomes.size).toBe(2);
  });

  it('works for one member alone, which then answers without asking anybody', async () => {
    const cluster = await started({ members: 1 });
    const results = appendAll(cluster, 0, 'a');
    cluster.run(0).order.readIndex((result) => results.push(result));
    await cluster.pass(20);
    expect(results).toMatchObject([{ kind: 'appended' }, { kind: 'index' }]);
    expect(textsAt(cluster, 0)).toEqual(['a']);
    await cluster.close();
  });
});

describe('a command', () => {
  it('is stamped once, by the leader that appends it', async () => {
    const cluster = await started();
    const stamps: string[] = [];
    cluster.stamp = (member, command) => {
      stamps.push(`${utf8Decode(command)} by ${member}`);
      command[0] = 0x2a;
    };
    const leader = leaderOf(cluster);
    appendAll(cluster, leader, '?a');
    appendAll(cluster, followerOf(cluster), '?b', '?c');
    await cluster.pass(200);
    const { id } = cluster.member(leader);
    expect(stamps.sort()).toEqual([`?a by ${id}`, `?b by ${id}`, `?c by ${id}`]);
    for (const index of cluster.members.keys()) expect(textsAt(cluster, index).sort()).toEqual(['*a', '*b', '*c']);
    await cluster.close();
  });

  it('of a peer that is none is refused and counted, and the leader goes on', async () => {
    const cluster = await started();
    cluster.check = (command) => {
      if (command[0] === 0x21) throw new DecodeError('no command');
    };
    const leader = leaderOf(cluster);
    const refused = appendAll(cluster, followerOf(cluster), '!nonsense');
    await cluster.pass(2 * LIMITS.electionTimeoutMs);
    expect(refused).toEqual([{ kind: 'unknown', term: 1 }]);
    expect(cluster.run(leader).order.counters.refused.get('malformed')).toBe(1);
    appendAll(cluster, leader, 'sense');
    await cluster.pass(100);
    expect(textsAt(cluster, leader)).toEqual(['sense']);
    await cluster.close();
  });

  it('of the largest size arrives at all, in fragments', async () => {
    const cluster = await started();
    const text = 'x'.repeat(LIMITS.entryMaxBytes);
    const results = appendAll(cluster, followerOf(cluster), text);
    await cluster.pass(300);
    expect(results).toMatchObject([{ kind: 'appended' }]);
    for (const index of cluster.members.keys()) expect(textsAt(cluster, index)).toEqual([text]);
    await cluster.close();
  });

  it('shares one commit to storage with all others of its turn', async () => {
    const cluster = await started();
    const leader = leaderOf(cluster);
    const { storage } = cluster.member(leader);
    let commits = 0;
    const commit = storage.commit.bind(storage);
    storage.commit = (writes) => {
      if (writes.some(({ kind, table }) => kind === 'put' && table === 'log')) commits += 1;
      return commit(writes);
    };
    appendAll(cluster, leader, ...Array.from({ length: 500 }, (_, i) => `c${i}`));
    await cluster.pass(100);
    expect(textsAt(cluster, leader)).toHaveLength(500);
    expect(commits).toBe(1);
    await cluster.close();
  });
});

describe('a message', () => {
  it('that is not for this member, or not of whom it says, has no effect and is counted', async () => {
    const cluster = await started();
    cluster.run(leaderOf(cluster)).order.transfer(cluster.member(followerOf(cluster)).origin);
    await cluster.pass(500);
    const leader = leaderOf(cluster);
    const { order } = cluster.run(leader);
    const { origin: self } = cluster.member(leader);
    const { origin: peer } = cluster.member(followerOf(cluster));
    const { term } = order.status();
    const lost = { kind: 'append-rejected', term: 99, previousIndex: 0, hintIndex: 0, hintTerm: 0 } as const;
    order.receive(memberNamed('r9'), { ...lost, from: memberNamed('r9'), to: self });
    order.receive(peer, { ...lost, from: memberNamed('r9'), to: self });
    order.receive(peer, { ...lost, from: peer, to: memberNamed("r1'''") });
    order.receive(peer, { kind: 'heartbeat-answer', from: peer, to: self, term: term - 1, round: 1 });
    expect(Object.fromEntries(order.counters.refused)).toEqual({
      stranger: 1,
      malformed: 1,
      'other-incarnation': 1,
      stale: 1,
    });
    expect(order.status()).toMatchObject({ term, role: 'leader' });
    await cluster.close();
  });
});

describe('a change of members', () => {
  it('adds a learner, makes it a voter, lets the leader go and tells when each is committed', async () => {
    const cluster = await started();
    const [a, b, c] = cluster.members.map(({ origin }) => origin) as [never, never, never];
    const index = cluster.add('r4');
    const { origin: d } = cluster.member(index);
    cluster.open(index);
    const steps = [
      { voters: [a, b, c], learners: [d] },
      { voters: [a, b, c, d], learners: [] },
      { voters: [a, b, c, d].filter((id) => id !== cluster.member(leaderOf(cluster)).origin), learners: [] },
    ];
    for (const membership of steps) {
      const result = cluster.run(leaderOf(cluster)).order.change(membership);
      if (result.kind !== 'accepted') throw new Error(result.detail);
      await cluster.pass(400);
      expect(await result.done).toBe('committed');
    }
    await cluster.until(() => cluster.leader !== undefined, 2_000, 'a leader');
    expect(cluster.run(leaderOf(cluster)).order.status().configuration.voters).toEqual(steps[2]?.voters);
    await cluster.close();
  });

  it('is refused elsewhere than at the leader', async () => {
    const cluster = await started();
    const result = cluster.run(followerOf(cluster)).order.change({ voters: [], learners: [] });
    expect(result).toMatchObject({ kind: 'dropped', reason: 'not-leader' });
    await cluster.close();
  });

  it('that a cut-off leader began is lost when another entry takes its place', async () => {
    const cluster = await started();
    const leader = leaderOf(cluster);
    cluster.isolate(leader);
    const [a, b, c] = cluster.members.map(({ origin }) => origin) as [never, never, never];
    const result = cluster.run(leader).order.change({ voters: [a, b, c], learners: [memberNamed('r4')] });
    if (result.kind !== 'accepted') throw new Error(result.detail);
    await cluster.pass(2_000);
    await cluster.converge();
    expect(await result.done).toBe('lost');
    await cluster.close();
  });

  it('is unknown to who closes before it is committed', async () => {
    const cluster = await started();
    const { order } = cluster.run(leaderOf(cluster));
    const voters = cluster.members.map(({ origin }) => origin);
    const result = order.change({ voters, learners: [memberNamed('r4')] });
    if (result.kind !== 'accepted') throw new Error(result.detail);
    await cluster.close();
    expect(await result.done).toBe('unknown');
  });

  it('hands the leadership to whom it is told', async () => {
    const cluster = await started();
    const heir = followerOf(cluster);
    expect(cluster.run(leaderOf(cluster)).order.transfer(cluster.member(heir).origin)).toEqual({ kind: 'accepted' });
    await cluster.pass(200);
    expect(cluster.leader).toBe(heir);
    await cluster.close();
  });
});

describe('what cannot be gone on from', () => {
  function lone() {
    const time = createMemoryTime();
    const self = makeOrigin(parseReplicaId('r1'), 1);
    const disk = { fails: false };
    const storage = openMemoryStorage({ flush: (done) => done(disk.fails ? new Error('no space') : undefined) });
    const fatal: unknown[] = [];
    const order = new RaftOrder({
      self,
      storage,
      time,
      random: seededRandom(1),
      trace: () => {},
      send: () => {},
      mention: () => {},
      answersAfterMs: () => Number.POSITIVE_INFINITY,
      state: new ListedState(storage),
      stamp: () => {},
      check: () => {},
      onChange: () => {},
      onFatal: (error) => fatal.push(error),
    });
    const settle = async () => {
      for (let i = 0; i < 10; i += 1) {
        time.advance(1);
        await new Promise(setImmediate);
      }
    };
    return { order, self, disk, storage, fatal, settle };
  }

  it('is a write that fails: it is told once, and nobody is answered as if nothing had happened', async () => {
    const { order, self, disk, fatal, settle } = lone();
    const founded = order.found({ voters: [self], learners: [] });
    await settle();
    await founded;
    expect(order.isLeader).toBe(true);
    disk.fails = true;
    const results: unknown[] = [];
    order.append(utf8Encode('a'), (result) => results.push(result));
    await settle();
    expect(fatal).toMatchObject([{ code: 'storage-failed' }]);
    order.append(utf8Encode('b'), (result) => results.push(result));
    expect(results.at(-1)).toEqual({ kind: 'not-appended', reason: 'closed' });
    expect(order.isLeader).toBe(false);
  });

  it('is a damaged entry that a follower needs', async () => {
    const cluster = await started();
    const leader = leaderOf(cluster);
    const laggard = followerOf(cluster);
    cluster.isolate(laggard);
    appendAll(cluster, leader, ...Array.from({ length: 2 * LIMITS.raftVerifiedTailEntries }, (_, i) => `c${i}`));
    await cluster.pass(500);
    cluster.crash(leader);
    const { log } = cluster.member(leader).disk.tables;
    const [key, value] = [...log.range({})].map((row) => [row.key, row.value] as const)[20] ?? [];
    if (key === undefined || value === undefined) throw new Error('no entry');
    log.put(
      key,
      value.map((byte) => byte ^ 1),
    );
    cluster.open(leader);
    cluster.heal();
    await cluster.pass(300);
    cluster.run(leader).order.transfer(cluster.member(leader).origin);
    cluster.crash([0, 1, 2].find((index) => index !== leader && index !== laggard) ?? 0);
    await cluster.pass(5_000);
    expect(cluster.fatal).toMatchObject([{ member: cluster.member(leader).id, error: { code: 'data-dir-corrupt' } }]);
    await cluster.close();
  });
});
