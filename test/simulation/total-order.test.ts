/** Requests at linearizable on whole replicas: who serves in a partition, what a retry does, what ends a damaged log. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/limits.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { CoordinateRequest, OrderedReplica } from '../../src/replica/ordered-handle.js';
import type { WriteOp } from '../../src/replica/request-types.js';
import { Client, failure, putOp, textOf } from '../support/requests.js';
import { copyOf, SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, partition } from '../support/weather.js';

async function started(seed: number) {
  const sim = new SimulatedCluster({ seed });
  await sim.start();
  return { sim, client: new Client(sim) };
}

function ordered(sim: SimulatedCluster, at: number): OrderedReplica {
  const { ordered: handle } = sim.replica(at);
  if (handle === undefined) throw new Error('no total order');
  return handle;
}

function context(timeoutMs = 5_000, token = VersionVector.EMPTY) {
  return { timeoutMs, token };
}

function put(sim: SimulatedCluster, at: number, ops: readonly WriteOp[], rest: { idempotencyKey?: string } = {}) {
  return ordered(sim, at).write({ ops, ...rest }, context());
}

async function shown(sim: SimulatedCluster, at: number, key: string, timeoutMs?: number) {
  const { state } = await sim.during(ordered(sim, at).read(key, context(timeoutMs)));
  return state.versions.map(textOf);
}

function coordinate(sim: SimulatedCluster, at: number, command: CoordinateRequest['command']) {
  return ordered(sim, at).coordinate({ command }, context());
}

function leaderOf(sim: SimulatedCluster): number {
  return sim.nodes.findIndex(({ replica }) => replica?.status().role === 'leader');
}

/** Milliseconds of virtual time until the request ends, however it ends. */
async function lasting(sim: SimulatedCluster, request: Promise<unknown>): Promise<number> {
  const startedMs = sim.time.monotonicMs();
  await sim.during(request.catch(() => {}));
  return sim.time.monotonicMs() - startedMs;
}

const others = (at: number) => [0, 1, 2].filter((other) => other !== at);

describe('a leader that is cut off', () => {
  it('serves nothing at linearizable, not even a stale read, while the others go on within two election timeouts', async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const { sim } = await started(seed);
      const old = leaderOf(sim);
      await sim.during(put(sim, old, [putOp('k', 'before')]));
      partition(sim, [old], others(old));
      const cutMs = sim.time.monotonicMs();
      const [next = 0] = others(old);
      // An election timeout is randomised up to twice its length.
      await sim.during(put(sim, next, [putOp('k', 'after')]).catch(() => put(sim, next, [putOp('k', 'after')])));
      expect(sim.time.monotonicMs() - cutMs, `seed ${seed}`).toBeLessThan(2 * 2 * LIMITS.electionTimeoutMs);
      const read = ordered(sim, old).read('k', context());
      const write = put(sim, old, [putOp('k', 'lost')]);
      const refusals = [failure(read), failure(write)];
      expect(await lasting(sim, Promise.all(refusals))).toBeLessThan(LIMITS.electionTimeoutMs + 2 * LIMITS.tickMs);
      for (const refusal of refusals) {
        expect(await refusal).toMatchObject({ code: 'no-quorum', facts: { served: ['eventual', 'causal'] } });
      }
      expect(sim.replica(old).readiness('causal')).toEqual({ ready: true });
      heal(sim);
      await sim.run(2_000);
      for (const at of [0, 1, 2]) expect(await shown(sim, at, 'k')).toEqual(['after']);
      await sim.stop();
    }
  });

  it('says that it cannot serve as soon as it has not heard from a majority for an election timeout', async () => {
    const { sim } = await started(20);
    const old = leaderOf(sim);
    partition(sim, [old], others(old));
    await sim.run(2 * LIMITS.electionTimeoutMs + 2 * LIMITS.tickMs);
    expect(sim.replica(old).readiness('linearizable')).toMatchObject({ ready: false });
    expect(sim.replica(old).status()).toMatchObject({ leader: null });
    await sim.stop();
  });
});

describe('a retry with the same Idempotency-Key', () => {
  it('after its leader died is applied once, and another body under the key is refused', async () => {
    for (let seed = 30; seed < 35; seed += 1) {
      const { sim } = await started(seed);
      const old = leaderOf(sim);
      const [next = 0, last = 0] = others(old);
      const first = put(sim, old, [putOp('counter', 'once')], { idempotencyKey: 'retry' });
      first.catch(() => {});
      await sim.run(sim.random.float() * 4);
      await sim.crash(sim.node(old));
      const retried = await sim.during(put(sim, next, [putOp('counter', 'once')], { idempotencyKey: 'retry' }));
      const again = await sim.during(put(sim, last, [putOp('counter', 'once')], { idempotencyKey: 'retry' }));
      expect([again.etag, again.replayed]).toEqual([retried.etag, true]);
      const other = put(sim, next, [putOp('counter', 'twice')], { idempotencyKey: 'retry' });
      expect((await sim.during(failure(other))).code).toBe('idempotency-key-reused');
      await sim.open(sim.node(old));
      expect(await shown(sim, old, 'counter')).toEqual(['once']);
      await sim.stop();
    }
  });
});

describe('an old copy of the data of a voter', () => {
  it('that was never written at begins a new incarnation, which takes the place of the one whose vote it was', async () => {
    const { sim } = await started(50);
    const [at = 0] = others(leaderOf(sim));
    const backup = copyOf(sim.node(at).disk);
    const before = sim.replica(at).status();
    for (let i = 0; i < 5; i += 1) await sim.during(put(sim, leaderOf(sim), [putOp('k', `${i}`)]));
    await sim.run(1_500);
    for (let turn = 0; turn < 2; turn += 1) {
      await sim.crash(sim.node(at));
      sim.node(at).disk = copyOf(backup);
      await sim.open(sim.node(at));
      await sim.run(8_000);
      const { incarnation, role } = sim.replica(at).status();
      expect(incarnation).not.toBe(before.incarnation);
      expect(role).toBe('follower');
      const members = ordered(sim, at)
        .membership()
        .members.map((member) => member.incarnation);
      expect(members).toContain(incarnation);
      expect(members).not.toContain(before.incarnation);
      expect(await shown(sim, at, 'k')).toEqual(['4']);
    }
    expect(sim.fatal).toEqual([]);
    await sim.stop();
  });
});

describe('a damaged log', () => {
  it('keeps a replica from starting, which names the entry', async () => {
    const { sim } = await started(60);
    await sim.during(put(sim, 0, [putOp('k', 'v')]));
    const node = sim.node(1);
    await sim.run(200);
    await sim.close(node);
    const log = node.disk.tables.log;
    const entries = [...log.range({})].filter(({ value }) => value.length > 40);
    const last = entries.at(-1);
    if (last === undefined) throw new Error('no entry');
    log.put(
      last.key,
      last.value.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    );
    const refused = await sim.during(failure(sim.launch(node)));
    expect(refused.code).toBe('data-dir-corrupt');
    expect(refused.message).toMatch(/entry \d+ of the log/);
    await sim.stop();
  });
});

describe('a lock', () => {
  it('moves on when its holder is silent, who is fenced off at every level and every replica that knows', async () => {
    const { sim, client } = await started(70);
    const acquire = { kind: 'acquire', space: 'lock', name: 'job', waitMs: 0, ttlMs: 1_000 } as const;
    const first = await sim.during(coordinate(sim, 0, { ...acquire, owner: 'anna' }));
    if (first.answer.kind !== 'held') throw new Error('not held');
    const { token } = first.answer.holder;
    const fences = [{ lock: 'job', token }];
    const write = { ops: [putOp('k', 'anna')], durability: 'local' as const, fences };
    const weak = { level: 'causal' as const, ...context() };
    await sim.during(sim.replica(2).write(write, weak));
    await sim.run(4_000);
    const second = await sim.during(coordinate(sim, 1, { ...acquire, owner: 'ben' }));
    if (second.answer.kind !== 'held') throw new Error('not held');
    expect(second.answer.holder.token).toBeGreaterThan(token);
    await sim.run(100);
    for (const at of [0, 1, 2]) {
      expect((await sim.during(failure(sim.replica(at).write(write, weak)))).code).toBe('fenced');
      const strong = ordered(sim, at).write({ ops: [putOp('k', 'anna')], fences }, context());
      expect((await sim.during(failure(strong))).code).toBe('fenced');
    }
    expect(await client.get(0, 'k')).toBe('anna');
    await sim.stop();
  });

  it('outlives clocks that jump an hour either way', async () => {
    const { sim } = await started(71);
    const acquire = { kind: 'acquire', space: 'lock', name: 'job', waitMs: 0, ttlMs: 20_000 } as const;
    await sim.during(coordinate(sim, 0, { ...acquire, owner: 'anna' }));
    for (const at of [0, 1, 2])
      sim.replica(at).faults?.put({ kind: 'clock', skewMs: [3_600_000, -3_600_000, 0][at] ?? 0, ttlMs: 60_000 });
    await sim.run(2_000);
    const refused = await sim.during(failure(coordinate(sim, 1, { ...acquire, owner: 'ben' })));
    expect(refused).toMatchObject({ code: 'lock-held', facts: { owner: 'anna' } });
    const { value } = await sequence(sim, 2);
    expect((await sequence(sim, 1)).value).toBe(value + 1);
    await sim.stop();
  });
});

async function sequence(sim: SimulatedCluster, at: number): Promise<{ readonly value: number }> {
  const { answer } = await sim.during(coordinate(sim, at, { kind: 'next', sequence: 'ids' }));
  if (answer.kind !== 'number') throw new Error('no number');
  return answer;
}

describe('a leader that is told to stop', () => {
  it('hands the leadership over before it goes', async () => {
    const { sim } = await started(80);
    const old = leaderOf(sim);
    await sim.during(sim.replica(old).drain());
    await sim.close(sim.node(old));
    const [next = 0] = others(old);
    const elapsedMs = await lasting(sim, put(sim, next, [putOp('k', 'v')]));
    expect(elapsedMs).toBeLessThan(LIMITS.electionTimeoutMs);
    expect(await shown(sim, next, 'k')).toEqual(['v']);
    await sim.stop();
  });
});
