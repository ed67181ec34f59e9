/** Coordination objects as readers, observers and weaker writes see them. */

import { describe, expect, it, vi } from 'vitest';
import { LOG_ORIGIN, makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { CoordinationCommand } from '../../../src/coordination/command.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import type { LockView, ObjectName } from '../../../src/replica/ordered-handle.js';
import { AppliedLog } from '../../support/applied-log.js';
import { CONTEXT, fateOf, lockBench } from '../../support/lock-bench.js';

type Bench = ReturnType<typeof lockBench>;
const L: ObjectName = { kind: 'lock', space: 'lock', name: 'l' };
const R1 = makeOrigin(parseReplicaId('r1'), 1);

async function run(bench: Bench, ...commands: readonly CoordinationCommand[]): Promise<void> {
  for (const command of commands) {
    if (command.kind === 'expire' || command.kind === 'abandon') throw new Error('housekeeping');
    fateOf(bench.service.coordinate({ command }, CONTEXT));
    await bench.run(5);
  }
}

const acquire = (owner: string, waitMs = 0): CoordinationCommand => ({
  kind: 'acquire',
  space: 'lock',
  name: 'l',
  owner,
  ttlMs: 10_000,
  waitMs,
});

const on = (token: number) => ({ space: 'lock', name: 'l', token }) as const;

describe('a read of an object', () => {
  const read = async (bench: Bench, name: ObjectName) =>
    (await bench.service.object(name, { ...CONTEXT, level: 'eventual' })).state;

  it('tells what it is, or that there is none', async () => {
    const bench = lockBench();
    const names: readonly ObjectName[] = [
      { kind: 'sequence', name: 's' },
      { kind: 'claim', namespace: 'n', value: 'v' },
      { kind: 'constraint', name: 'c' },
      L,
    ];
    const absent = await Promise.all(names.map((name) => read(bench, name)));
    expect(absent).toEqual([
      { kind: 'sequence', value: 0 },
      { kind: 'claim', claim: undefined },
      { kind: 'constraint', constraint: undefined },
      { kind: 'lock', lock: undefined },
    ]);
    await run(bench, { kind: 'next', sequence: 's' }, { kind: 'claim', namespace: 'n', value: 'v', owner: 'anna' });
    await run(
      bench,
      { kind: 'declare', name: 'c', prefix: 'u/', field: '/mail' },
      acquire('ben'),
      acquire('cleo', 9_000),
    );
    const startedMs = bench.time.monotonicMs();
    const there = await Promise.all(names.map((name) => read(bench, name)));
    expect(there.slice(0, 3)).toEqual([
      { kind: 'sequence', value: 1 },
      { kind: 'claim', claim: { owner: 'anna' } },
      { kind: 'constraint', constraint: { prefix: 'u/', field: '/mail' } },
    ]);
    expect(bench.time.monotonicMs()).toBe(startedMs);
    expect(there[3]).toEqual({
      kind: 'lock',
      lock: { owner: 'ben', token: 4, ttlMs: 10_000, remainingMs: 9_991, waiting: ['cleo'] },
    });
  });

  it('names in its token the log as far as it was applied', async () => {
    const bench = lockBench();
    const token = VersionVector.of([[R1, 3]]);
    const before = await bench.service.object(L, { ...CONTEXT, token, level: 'eventual' });
    expect(before.token.toJSON()).toEqual({ [R1]: 3 });
    await run(bench, acquire('anna'), { kind: 'next', sequence: 's' });
    const after = await bench.service.object(L, { ...CONTEXT, token, level: 'eventual' });
    expect(after.token.toJSON()).toEqual({ [R1]: 3, log: 2 });
  });

  it('at causal waits until the log is applied up to its token, although the causal view is that far', async () => {
    const bench = lockBench();
    const token = VersionVector.of([[LOG_ORIGIN, 1]]);
    const reading = fateOf(bench.service.object(L, { ...CONTEXT, token, level: 'causal' }));
    const impatient = fateOf(bench.service.object(L, { ...CONTEXT, token, timeoutMs: 50, level: 'causal' }));
    await bench.run(100);
    expect(reading).toEqual({});
    expect(impatient.error).toMatchObject({
      code: 'causal-wait-timeout',
      facts: { missing: [{ origin: LOG_ORIGIN, have: 0, need: 1 }] },
    });
    await run(bench, acquire('anna'));
    expect(reading.value).toMatchObject({ state: { lock: { owner: 'anna' } } });
    expect(reading.value?.timing.waitMs).toBeGreaterThanOrEqual(100);
  });

  it('at causal goes on when the state has jumped, and stops when the client has gone', async () => {
    const bench = lockBench();
    const peer = lockBench();
    await run(peer, acquire('anna'), { kind: 'next', sequence: 's' });
    const client = new AbortController();
    const token = VersionVector.of([[LOG_ORIGIN, 2]]);
    const reading = fateOf(bench.service.object(L, { ...CONTEXT, token, level: 'causal' }));
    const gone = fateOf(bench.service.object(L, { ...CONTEXT, token, level: 'causal', signal: client.signal }));
    await bench.run(1);
    client.abort();
    await bench.run(1);
    expect(gone.code).toBe('causal-wait-timeout');
    bench.log.jump(peer.log.state, peer.log.applied);
    await bench.run(1);
    expect(reading.value).toMatchObject({ state: { lock: { owner: 'anna' } } });
  });

  it('passes the gate of its level, and no other', async () => {
    const admit = vi.fn(() => Promise.resolve(3));
    const barrier = vi.fn(() => Promise.resolve(7));
    const bench = lockBench({ gates: { admit, barrier } });
    const timings = await Promise.all(
      (['eventual', 'causal', 'linearizable'] as const).map(async (level) => {
        const { timing } = await bench.service.object(L, { ...CONTEXT, level });
        return timing.waitMs;
      }),
    );
    expect(timings).toEqual([3, 3, 7]);
    expect([admit.mock.calls.length, barrier.mock.calls.length]).toEqual([2, 1]);
  });
});

describe('an observer', () => {
  function observe(bench: Bench, signal = new AbortController().signal) {
    const told: (readonly (string | number)[] | undefined)[] = [];
    const listener = (lock: LockView | undefined) =>
      told.push(lock && [lock.owner, lock.token, lock.remainingMs, ...lock.waiting]);
    bench.service.observe('lock', 'l', listener, signal);
    return told;
  }

  it('is told at once, and of every change but renewals', async () => {
    const bench = lockBench();
    const told = observe(bench);
    expect(told).toEqual([undefined]);
    await run(bench, acquire('anna'), acquire('ben', 9_000), { kind: 'renew', ...on(1) });
    await run(bench, { kind: 'acquire', space: 'election', name: 'l', owner: 'x', ttlMs: 5_000, waitMs: 0 });
    expect(observe(bench)).toEqual([['anna', 1, 9_991, 'ben']]);
    await run(bench, { kind: 'release', ...on(1) }, { kind: 'release', ...on(2) });
    expect(told).toEqual([undefined, ['anna', 1, 10_000], ['anna', 1, 9_995, 'ben'], ['ben', 2, 10_000], undefined]);
  });

  it('is told what a jump of the state has changed, and nothing else', async () => {
    const bench = lockBench();
    await run(bench, acquire('anna'));
    const peer = lockBench({ log: new AppliedLog(bench.log.state.copy(), 1) });
    await run(peer, { kind: 'next', sequence: 's' });
    const told = observe(bench);
    bench.log.jump(peer.log.state.copy(), 2);
    expect(told).toHaveLength(1);
    await run(peer, { kind: 'release', ...on(1) });
    bench.log.jump(peer.log.state.copy(), 3);
    await run(peer, acquire('ben'));
    bench.log.jump(peer.log.state.copy(), 4);
    expect(told.slice(1)).toEqual([undefined, ['ben', 4, 10_000]]);
  });

  it('is told nothing after its signal, and leaves nothing behind', async () => {
    const bench = lockBench();
    const [first, second] = [new AbortController(), new AbortController()];
    const told = [observe(bench, first.signal), observe(bench, second.signal)];
    first.abort();
    await run(bench, acquire('anna'));
    expect(told.map(({ length }) => length)).toEqual([1, 2]);
    expect(bench.service.observed).toBe(1);
    second.abort();
    expect(bench.service.observed).toBe(0);
    expect(observe(bench, second.signal)).toEqual([]);
    expect(bench.service.observed).toBe(0);
  });

  it('may stop another in the middle of a change', async () => {
    const bench = lockBench();
    const second = new AbortController();
    bench.service.observe('lock', 'l', (lock) => lock && second.abort(), new AbortController().signal);
    const told = observe(bench, second.signal);
    await run(bench, acquire('anna'));
    expect(told).toEqual([undefined]);
  });
});

describe('the fences of a weaker write', () => {
  it('hold while the locks are held under their tokens, as far as is known here', async () => {
    const bench = lockBench();
    await run(bench, acquire('anna'));
    const check = (token: number) => COORDINATION.checkFence(bench.log.state, { lock: 'l', token });
    expect(check(1)).toBeUndefined();
    expect(check(2)).toMatchObject({ code: 'fenced', facts: { owner: 'anna' } });
    await run(bench, { kind: 'release', ...on(1) });
    expect(check(1)).toMatchObject({ code: 'fenced' });
  });
});
