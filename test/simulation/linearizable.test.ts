import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN, makeOrigin, parseReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { decodeEntry } from '../../src/keyspace/ordered/entry.js';
import { LogRefusal } from '../../src/replica/log-refusal.js';
import { OrderedCluster } from '../support/ordered-cluster.js';
import { asking, command, read, shown, textsOf, weakly, write } from '../support/ordered-requests.js';
import { failure, putOp } from '../support/requests.js';

const removal = (key: string) => ({ kind: 'delete' as const, key });

/** Adoptions of the versions of one key, in the order in which they came to the log. */
function adoptionsOf(cluster: OrderedCluster, key: string): string[] {
  return cluster.order.entries.flatMap(({ bytes }) => {
    const adopted = bytes === undefined ? [] : decodeEntry(bytes).adopted;
    return adopted.filter((one) => one.key === key).flatMap(({ versions }) => versions.map(({ dot }) => dot.origin));
  });
}

describe('a linearizable write', () => {
  it('is seen by the next read at every replica, and by a causal read with its token', async () => {
    const cluster = new OrderedCluster(1);
    const written = await cluster.during(write(cluster, 1, [putOp('k', 'a')]));
    expect([written.etag, written.created, written.durability]).toEqual(['"log.1"', true, 'majority']);
    for (const at of [0, 1, 2]) {
      expect(await shown(cluster, at, 'k')).toEqual(['a']);
      const causal = cluster.node(at).reads.read('k', { level: 'causal', timeoutMs: 5_000, token: written.token });
      expect(textsOf((await cluster.during(causal)).state.versions)).toEqual(['a']);
    }
    expect(await cluster.during(write(cluster, 0, [putOp('k', 'b')]))).toMatchObject({ created: false });
  });

  it('is waited for by a read at a replica that has not applied it yet', async () => {
    const cluster = new OrderedCluster(25);
    await cluster.run(300);
    cluster.node(2).member.isLagging = true;
    await cluster.during(write(cluster, 0, [putOp('k', 'a')]));
    const reading = read(cluster, 2, 'k');
    await cluster.run(20);
    cluster.heal();
    expect(textsOf((await cluster.during(reading)).state.versions)).toEqual(['a']);
  });

  it('is refused with the entity tag of what is there if its condition does not hold', async () => {
    const cluster = new OrderedCluster(2);
    const { etag, token } = await cluster.during(write(cluster, 0, [putOp('k', 'a')]));
    const condition = { kind: 'absent' } as const;
    const refused = await cluster.during(failure(write(cluster, 2, [putOp('k', 'b')], { condition })));
    expect([refused.code, refused.facts.etag]).toEqual(['precondition-failed', etag]);
    // Who is told of a version has seen it.
    expect(refused instanceof LogRefusal && refused.token.includes(token)).toBe(true);
    expect(await shown(cluster, 1, 'k')).toEqual(['a']);
  });

  it('supersedes a weaker write that a majority has, wherever either was made', async () => {
    const cluster = new OrderedCluster(3);
    const weak = await cluster.during(weakly(cluster, 2, putOp('k', 'weak'), { durability: 'majority' }));
    const written = await cluster.during(write(cluster, 0, [putOp('k', 'log')]));
    expect(written.created).toBe(false);
    expect(written.token.includes(weak.token)).toBe(true);
    await cluster.run(200);
    for (const { reads, id } of cluster.nodes) {
      const causal = reads.read('k', { level: 'causal', timeoutMs: 100, token: VersionVector.EMPTY });
      expect([id, textsOf((await cluster.during(causal)).state.versions)]).toEqual([id, ['log']]);
    }
  });

  it('of several keys is one entry, and all of it or nothing', async () => {
    const cluster = new OrderedCluster(4);
    await cluster.during(write(cluster, 1, [putOp('a', '1'), putOp('b', '2'), removal('c')]));
    const many = cluster.node(2).ordered.readMany(['a', 'b', 'c'], asking());
    const { states } = await cluster.during(many);
    expect(states.map(({ versions }) => textsOf(versions))).toEqual([['1'], ['2'], [undefined]]);
    expect(cluster.order.entries).toHaveLength(1);
  });

  it('too large for one write group is refused before it leaves', async () => {
    const cluster = new OrderedCluster(5);
    const large = 'x'.repeat(500_000);
    const refused = await cluster.during(failure(write(cluster, 0, [putOp('a', large), putOp('b', large)])));
    expect([refused.code, cluster.order.arrived.length]).toEqual(['value-too-large', 0]);
  });
});

describe('a weaker write that a majority has', () => {
  it('is seen by a linearizable read at any replica, and adopted once however many read at once', async () => {
    const cluster = new OrderedCluster(6);
    await cluster.during(weakly(cluster, 0, putOp('k', 'weak'), { durability: 'majority' }));
    const asked = [0, 0, 0, 0].map((at) => read(cluster, at, 'k'));
    const answers = await cluster.during(Promise.all(asked));
    expect(answers.map(({ state }) => textsOf(state.versions))).toEqual([['weak'], ['weak'], ['weak'], ['weak']]);
    expect(adoptionsOf(cluster, 'k')).toEqual(['r1~00000007']);
    expect(await shown(cluster, 2, 'k')).toEqual(['weak']);
    expect(adoptionsOf(cluster, 'k')).toHaveLength(1);
  });

  it('is waited for by a read at a replica that does not have it yet', async () => {
    const cluster = new OrderedCluster(7);
    cluster.cutLinks.add('r1>r3');
    const weak = await cluster.during(weakly(cluster, 0, putOp('k', 'weak'), { durability: 'majority' }));
    // What r2 tells of it must come to r3 by anti-entropy.
    const answer = await cluster.during(read(cluster, 2, 'k'));
    expect(textsOf(answer.state.versions)).toEqual(['weak']);
    expect(answer.token.includes(weak.token)).toBe(true);
  });

  it('loses to nothing it has superseded: a deletion is observed as one', async () => {
    const cluster = new OrderedCluster(8);
    await cluster.during(write(cluster, 0, [putOp('k', 'log')]));
    await cluster.run(100);
    const gone = await cluster.during(weakly(cluster, 1, removal('k'), { durability: 'majority' }));
    const answer = await cluster.during(read(cluster, 2, 'k'));
    expect(textsOf(answer.state.versions)).toEqual([undefined]);
    expect(answer.token.includes(gone.token)).toBe(true);
  });

  it('is not hidden from a read whose causal view has a later write of the log before its ordered view has', async () => {
    const cluster = new OrderedCluster(9);
    const { member } = cluster.node(2);
    await cluster.during(write(cluster, 0, [putOp('k', 'old')]));
    await cluster.run(500);
    cluster.silentLinks.add('r1>r3').add('r2>r3');
    await cluster.during(weakly(cluster, 0, putOp('k', 'weak'), { durability: 'majority' }));
    const reading = read(cluster, 2, 'k');
    // It has its read index, and waits for the weaker write. Both come to its causal view at once, by anti-entropy.
    await cluster.run(10);
    member.isLagging = true;
    await cluster.during(write(cluster, 0, [putOp('k', 'new')]));
    await cluster.run(100);
    cluster.silentLinks.clear();
    await cluster.run(1_000);
    const { durable } = cluster.node(2).driver.plane;
    expect([durable.get(LOG_ORIGIN), member.applied]).toEqual([2, 1]);
    member.isLagging = false;
    member.catchUp();
    expect(textsOf((await cluster.during(reading)).state.versions)).toEqual(['new']);
  });

  it('that nobody else can get is not observed: the read says what it waits for', async () => {
    const cluster = new OrderedCluster(24);
    await cluster.run(500);
    cluster.silentLinks.add('r1>r2').add('r1>r3');
    await cluster.during(weakly(cluster, 0, putOp('k', 'weak')));
    const failed = await cluster.during(failure(read(cluster, 0, 'k', { timeoutMs: 1_000 })));
    expect([failed.code, failed.facts.missing]).toEqual([
      'causal-wait-timeout',
      [{ origin: 'r1~00000007', have: 0, need: 1 }],
    ]);
  });

  it('enters the log only once what it depends on is on a majority of disks', async () => {
    const cluster = new OrderedCluster(10);
    // The others tell r1 what they have, and hear nothing of its writes.
    cluster.silentLinks.add('r1>r2').add('r1>r3');
    await cluster.during(weakly(cluster, 0, putOp('k', 'weak')));
    const reading = read(cluster, 0, 'k', { timeoutMs: 4_000 });
    await cluster.run(1_000);
    expect(cluster.order.arrived).toEqual([]);
    cluster.silentLinks.clear();
    expect(textsOf((await cluster.during(reading)).state.versions)).toEqual(['weak']);
    expect(cluster.notUniform).toEqual([]);
    expect(adoptionsOf(cluster, 'k')).toHaveLength(1);
  });
});

describe('a page of a linearizable list', () => {
  it('shows what the log wrote and what a majority has beside it, in key order, page by page', async () => {
    const cluster = new OrderedCluster(11);
    await cluster.during(write(cluster, 0, [putOp('p/b', 'log'), putOp('p/d', 'log'), putOp('q', 'log')]));
    for (const key of ['p/a', 'p/c', 'p/e']) {
      await cluster.during(weakly(cluster, 1, putOp(key, 'weak'), { durability: 'majority' }));
    }
    await cluster.during(weakly(cluster, 1, removal('p/d'), { durability: 'majority' }));
    const pages: (readonly string[])[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const asked = cluster.node(2).ordered.list({ prefix: 'p/', after, limit: 2 }, asking());
      const page = await cluster.during(asked);
      pages.push(page.states.map(({ key, versions }) => `${key}=${textsOf(versions)[0]}`));
      after = page.next;
    }
    expect(pages).toEqual([
      ['p/a=weak', 'p/b=log'],
      ['p/c=weak', 'p/e=weak'],
    ]);
  });

  it('takes many adoptions into few entries', async () => {
    const cluster = new OrderedCluster(12);
    const writes = Array.from({ length: 300 }, (_, i) => weakly(cluster, 1, putOp(`p/${i}`, 'weak')));
    await cluster.during(Promise.all(writes));
    const page = await cluster.during(
      cluster.node(1).ordered.list({ prefix: 'p/', after: '', limit: 1_000 }, asking()),
    );
    expect([page.states.length, page.next, cluster.order.entries.length]).toEqual([300, undefined, 1]);
  });
});

describe('a constraint', () => {
  const declare = { kind: 'declare', name: 'one-name', prefix: 'u/', field: '/name' } as const;

  it('is declared over everything a majority has, and refused if that breaks it', async () => {
    const cluster = new OrderedCluster(13);
    for (const key of ['u/1', 'u/2']) {
      await cluster.during(weakly(cluster, 1, putOp(key, '{"name":"anna"}'), { durability: 'majority' }));
    }
    const refused = await cluster.during(failure(command(cluster, 0, declare)));
    expect([refused.code, refused.facts.keys]).toEqual(['unique-violation', ['u/1', 'u/2']]);
    await cluster.during(weakly(cluster, 2, removal('u/2'), { durability: 'majority' }));
    const declared = await cluster.during(command(cluster, 0, declare));
    expect(declared.answer).toEqual({ kind: 'declared', created: true });
    const taken = await cluster.during(failure(write(cluster, 2, [putOp('u/3', '{"name":"anna"}')])));
    expect([taken.code, taken.facts.owner]).toEqual(['unique-violation', 'u/1']);
  });

  it('closes its prefix to weaker writes', async () => {
    const cluster = new OrderedCluster(14);
    await cluster.during(command(cluster, 0, declare));
    await cluster.run(50);
    const refused = await cluster.during(failure(weakly(cluster, 1, putOp('u/1', '{}'))));
    expect(refused.code).toBe('level-too-weak');
    await cluster.during(weakly(cluster, 1, putOp('v/1', '{}')));
  });
});

describe('a fencing token', () => {
  it('of a lock that has moved on stops writes of every level', async () => {
    const cluster = new OrderedCluster(15);
    const acquire = { kind: 'acquire', space: 'lock', name: 'l', owner: 'anna', ttlMs: 1_000, waitMs: 0 } as const;
    const { answer } = await cluster.during(command(cluster, 0, acquire));
    const token = answer.kind === 'held' ? answer.holder.token : 0;
    await cluster.run(50);
    const fences = [{ lock: 'l', token }];
    await cluster.during(write(cluster, 1, [putOp('k', 'a')], { fences }));
    await cluster.during(weakly(cluster, 2, putOp('k', 'b'), { fences }));
    await cluster.during(command(cluster, 1, { kind: 'release', space: 'lock', name: 'l', token }));
    await cluster.run(50);
    const late = [write(cluster, 1, [putOp('k', 'c')], { fences }), weakly(cluster, 2, putOp('k', 'd'), { fences })];
    const failures = await cluster.during(Promise.all(late.map(failure)));
    expect(failures.map(({ code }) => code)).toEqual(['fenced', 'fenced']);
  });
});

describe('a token', () => {
  it('that names an entry nobody can have seen is refused, and never enters the log', async () => {
    const cluster = new OrderedCluster(16);
    const token = VersionVector.of([[LOG_ORIGIN, 1_000]]);
    const next = { kind: 'next', sequence: 's' } as const;
    const requests = [
      read(cluster, 1, 'k', { token }),
      write(cluster, 1, [putOp('k', 'a')], { token }),
      command(cluster, 1, next, { token }),
    ];
    const failures = await cluster.during(Promise.all(requests.map(failure)));
    expect(failures.map(({ code }) => code)).toEqual(Array.from(requests, () => 'invalid-causal-token'));
    expect(cluster.order.arrived).toEqual([]);
  });

  it('that names writes of a stranger is refused', async () => {
    const cluster = new OrderedCluster(17);
    const token = VersionVector.of([[makeOrigin(parseReplicaId('r9'), 1), 1]]);
    expect((await cluster.during(failure(read(cluster, 0, 'k', { token })))).code).toBe('invalid-causal-token');
  });

  it('of the other side is waited for, and the failure names what is missing and what would be served', async () => {
    const cluster = new OrderedCluster(18);
    cluster.cutLinks.add('r1>r2').add('r1>r3').add('r2>r1').add('r3>r1');
    const { token } = await cluster.during(weakly(cluster, 0, putOp('k', 'weak')));
    const failed = await cluster.during(failure(read(cluster, 1, 'k', { token, timeoutMs: 1_000 })));
    expect([failed.code, failed.facts.served]).toEqual(['causal-wait-timeout', ['eventual']]);
    expect(failed.facts.missing).toEqual([{ origin: 'r1~00000007', have: 0, need: 1 }]);
  });

  it('that names the log waits until this replica has applied it', async () => {
    const cluster = new OrderedCluster(19);
    cluster.node(2).member.isLagging = true;
    const { token } = await cluster.during(write(cluster, 0, [putOp('k', 'a')]));
    const next = command(cluster, 2, { kind: 'next', sequence: 's' }, { token, timeoutMs: 1_000 });
    const failed = await cluster.during(failure(next));
    expect([failed.code, failed.facts.missing]).toEqual(['causal-wait-timeout', [{ origin: 'log', have: 0, need: 1 }]]);
    cluster.heal();
    const answered = await cluster.during(command(cluster, 2, { kind: 'next', sequence: 's' }, { token }));
    expect([answered.answer, answered.token.get(LOG_ORIGIN)]).toEqual([{ kind: 'number', value: 1 }, 2]);
  });
});

describe('on the minority side', () => {
  it('reads and writes are refused within an election timeout, and are not applied', async () => {
    const cluster = new OrderedCluster(20);
    const { token } = await cluster.during(write(cluster, 0, [putOp('k', 'a')]));
    await cluster.run(100);
    cluster.isolate(0);
    cluster.order.elect(1);
    const startedMs = cluster.time.monotonicMs();
    const requests = [
      read(cluster, 0, 'k', { token }),
      write(cluster, 0, [putOp('k', 'b')]),
      cluster.node(0).ordered.list({ prefix: '', after: '', limit: 10 }, asking()),
      command(cluster, 0, { kind: 'next', sequence: 's' }),
    ];
    const failures = await cluster.during(Promise.all(requests.map(failure)));
    expect(failures.map(({ code }) => code)).toEqual(['no-quorum', 'no-quorum', 'no-quorum', 'no-quorum']);
    expect(failures.every(({ facts }) => facts.served?.join() === 'eventual,causal')).toBe(true);
    expect(cluster.time.monotonicMs() - startedMs).toBeLessThan(700);
    expect(await shown(cluster, 1, 'k')).toEqual(['a']);
    cluster.heal();
    await cluster.run(1_000);
    expect(await shown(cluster, 0, 'k')).toEqual(['a']);
  });

  it('a leader that has not noticed serves no read and takes no write', async () => {
    const cluster = new OrderedCluster(21);
    await cluster.during(write(cluster, 0, [putOp('k', 'a')]));
    await cluster.run(100);
    cluster.isolate(0);
    cluster.node(0).member.delude();
    cluster.order.elect(1);
    await cluster.during(write(cluster, 1, [putOp('k', 'b')]));
    const requests = [read(cluster, 0, 'k'), write(cluster, 0, [putOp('k', 'c')])];
    const failures = await cluster.during(Promise.all(requests.map(failure)));
    expect(failures.map(({ code }) => code)).toEqual(['no-quorum', 'no-quorum']);
    const next = failure(command(cluster, 0, { kind: 'next', sequence: 's' }, { timeoutMs: 2_000 }));
    expect((await cluster.during(next)).code).toBe('outcome-unknown');
  });
});

describe('a request in progress', () => {
  it('keeps its Idempotency-Key to itself, and its outcome for later', async () => {
    const cluster = new OrderedCluster(22);
    const asked = { idempotencyKey: 'once' };
    const first = write(cluster, 1, [putOp('k', 'a')], asked);
    const again = failure(write(cluster, 1, [putOp('k', 'a')], asked));
    const other = failure(write(cluster, 1, [putOp('k', 'b')], asked));
    const [done, busy, reused] = await cluster.during(Promise.all([first, again, other]));
    expect([busy.code, reused.code]).toEqual(['idempotency-in-progress', 'idempotency-key-reused']);
    await cluster.during(write(cluster, 0, [putOp('k', 'later')]));
    const replay = await cluster.during(write(cluster, 2, [putOp('k', 'a')], asked));
    expect([replay.etag, replay.replayed]).toEqual([done.etag, true]);
    expect((await cluster.during(failure(write(cluster, 2, [putOp('k', 'c')], asked)))).code).toBe(
      'idempotency-key-reused',
    );
    expect(await shown(cluster, 1, 'k')).toEqual(['later']);
  });

  it('ends when its client goes away, and when the replica closes', async () => {
    const cluster = new OrderedCluster(23);
    cluster.isolate(0);
    const gone = new AbortController();
    const first = failure(read(cluster, 0, 'k', { signal: gone.signal }));
    const second = failure(read(cluster, 0, 'k'));
    const third = failure(write(cluster, 0, [putOp('k', 'a')]));
    await cluster.run(50);
    gone.abort();
    expect((await cluster.during(first)).code).toBe('causal-wait-timeout');
    cluster.node(0).ordered.close();
    expect((await cluster.during(second)).code).toBe('shutting-down');
    expect((await cluster.during(third)).code).toBe('shutting-down');
  });
});
