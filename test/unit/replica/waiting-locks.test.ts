/** Acquires that wait for their turn, and every way in which the waiting can end. */
import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN, makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { OrderedContext } from '../../../src/replica/ordered-handle.js';
import { AppliedLog } from '../../support/applied-log.js';
import { CONTEXT, fateOf, lockBench } from '../../support/lock-bench.js';

const L = { space: 'lock', name: 'l' } as const;
const R1 = makeOrigin(parseReplicaId('r1'), 1);
type Bench = ReturnType<typeof lockBench>;

interface Ask {
  readonly waitMs?: number;
  readonly ttlMs?: number;
  readonly key?: string;
  readonly context?: Partial<OrderedContext>;
}

function ask(bench: Bench, owner: string, { waitMs = 5_000, ttlMs = 60_000, key, context }: Ask = {}) {
  const command = { kind: 'acquire', ...L, owner, ttlMs, waitMs } as const;
  const request = key === undefined ? { command } : { command, idempotencyKey: key };
  return fateOf(bench.service.coordinate(request, { ...CONTEXT, ...context }));
}

function release(bench: Bench, token: number, context: Partial<OrderedContext> = {}) {
  const command = { kind: 'release', ...L, token } as const;
  return fateOf(bench.service.coordinate({ command }, { ...CONTEXT, ...context }));
}

/** Anna holds the lock under token 1. */
async function held(): Promise<Bench> {
  const bench = lockBench();
  const anna = ask(bench, 'anna');
  await bench.run(10);
  expect(anna.value?.answer).toMatchObject({ kind: 'held', holder: { owner: 'anna', token: 1 } });
  return bench;
}

describe('an acquire that may wait', () => {
  it('is answered when the lock comes to it, in order of arrival', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben');
    await bench.run(10);
    const cleo = ask(bench, 'cleo');
    await bench.run(1_000);
    expect([ben, cleo]).toEqual([{}, {}]);
    expect(bench.service.waiting).toBe(2);
    release(bench, 1);
    await bench.run(10);
    expect(ben.value?.answer).toMatchObject({ kind: 'held', holder: { owner: 'ben', token: 2 } });
    expect(cleo).toEqual({});
    release(bench, 2);
    await bench.run(10);
    expect(cleo.value?.answer).toMatchObject({ kind: 'held', holder: { owner: 'cleo', token: 3 } });
    expect(bench.service.waiting).toBe(0);
  });

  it('tells how long it waited, and has the release before it in its past', async () => {
    const bench = await held();
    const seen = VersionVector.of([[R1, 7]]);
    const ben = ask(bench, 'ben', { context: { token: seen } });
    await bench.run(2_000);
    release(bench, 1);
    await bench.run(10);
    expect(ben.value?.timing.waitMs).toBeGreaterThan(1_900);
    expect(ben.value?.token.toJSON()).toEqual({ [R1]: 7, log: 3 });
  });

  it('may wait far beyond the timeout of the request', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben', { waitMs: 50_000, context: { timeoutMs: 100 } });
    await bench.run(40_000);
    release(bench, 1);
    await bench.run(10);
    expect(ben.value?.answer).toMatchObject({ holder: { owner: 'ben' } });
  });

  it('is refused with the holder and what he has left when the time is over, and leaves the queue', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben', { waitMs: 1_000 });
    await bench.run(1_100);
    expect(ben.error?.facts).toMatchObject({ owner: 'anna' });
    expect(ben.code).toBe('lock-held');
    expect(ben.error?.facts.remainingMs).toBeGreaterThan(58_000);
    expect(ben.error?.facts.remainingMs).toBeLessThan(60_000);
    expect(bench.feed.read(L)?.waiters).toEqual([]);
  });

  it('is refused at once, with what the holder has left, if it would not wait', async () => {
    const bench = await held();
    await bench.run(10_000);
    const ben = ask(bench, 'ben', { waitMs: 0 });
    await bench.run(10);
    expect(ben.error).toMatchObject({ code: 'lock-held', facts: { owner: 'anna' } });
    expect(ben.error?.facts.remainingMs).toBeLessThanOrEqual(50_000);
    expect(ben.error?.facts.remainingMs).toBeGreaterThan(49_000);
  });
});

describe('the leaving of a queue', () => {
  it('that crosses with the turn yields the lock', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben', { waitMs: 1_000 });
    await bench.run(10);
    // Ben's leaving is proposed at 1 s, and slow: the release is applied before it.
    bench.proposals.delayMs = 500;
    await bench.run(1_100);
    expect(bench.proposed('abandon')).toHaveLength(1);
    bench.proposals.delayMs = 1;
    release(bench, 1);
    await bench.run(1_000);
    expect(ben.value?.answer).toMatchObject({ kind: 'held', holder: { owner: 'ben', token: 2 } });
    expect(ben.value?.token.get(LOG_ORIGIN)).toBeGreaterThanOrEqual(3);
  });

  it.each(['no-quorum', 'lost'] as const)(
    'that fails (%s) leaves a maybe, and the place to the keeper',
    async (fate) => {
      const bench = await held();
      const ben = ask(bench, 'ben', { waitMs: 1_000 });
      await bench.run(10);
      bench.proposals.fate = fate;
      await bench.run(2_100);
      expect(ben.code).toBe('outcome-unknown');
      expect(bench.feed.read(L)?.waiters).toHaveLength(1);
      bench.proposals.fate = 'applied';
      await bench.run(LIMITS.lockPlaceGraceMs + LIMITS.leaseRetryMaxMs + LIMITS.timeoutDefaultMs);
      expect(bench.feed.read(L)?.waiters).toEqual([]);
      expect(bench.feed.read(L)?.holder).toMatchObject({ owner: 'anna' });
    },
  );

  it('of a caller who has gone follows at once', async () => {
    const bench = await held();
    const client = new AbortController();
    const ben = ask(bench, 'ben', { context: { signal: client.signal } });
    await bench.run(100);
    client.abort();
    await bench.run(10);
    expect(bench.feed.read(L)?.waiters).toEqual([]);
    expect(ben.code).toBe('lock-held');
  });
});

describe('a lock that comes to a caller who has gone', () => {
  async function crossing(key: string | undefined): Promise<Bench> {
    const bench = await held();
    const client = new AbortController();
    ask(bench, 'ben', { context: { signal: client.signal }, ...(key !== undefined && { key }) });
    await bench.run(100);
    release(bench, 1);
    client.abort();
    await bench.run(20);
    return bench;
  }

  it('is released', async () => {
    const bench = await crossing(undefined);
    expect(bench.feed.read(L)).toBeUndefined();
    expect(bench.proposed('release')).toHaveLength(2);
  });

  it('is kept for a caller who may ask again', async () => {
    const bench = await crossing('k');
    expect(bench.feed.read(L)?.holder.owner).toBe('ben');
    const again = ask(bench, 'ben', { key: 'k' });
    await bench.run(10);
    expect(again.value).toMatchObject({ replayed: true, answer: { kind: 'held', holder: { token: 2 } } });
  });

  it('is released also when it had to wait for nobody', async () => {
    const bench = lockBench();
    const client = new AbortController();
    ask(bench, 'anna', { waitMs: 0, context: { signal: client.signal } });
    client.abort();
    await bench.run(10);
    expect(bench.log.applied).toBe(2);
    expect(bench.feed.read(L)).toBeUndefined();
  });
});

describe('a replica that shuts down', () => {
  it('gives the places up and says that nothing was applied', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben');
    await bench.run(10);
    bench.service.drain();
    await bench.run(10);
    expect(ben.code).toBe('shutting-down');
    expect(bench.feed.read(L)?.waiters).toEqual([]);
  });

  it('leaves the place of a caller who may ask again, and he waits on at the same place', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben', { key: 'k' });
    await bench.run(10);
    bench.service.drain();
    await bench.run(10);
    expect(ben.code).toBe('outcome-unknown');
    const other = lockBench({ log: bench.log });
    const again = ask(other, 'ben', { key: 'k' });
    await other.run(10);
    expect(again).toEqual({});
    release(other, 1);
    await other.run(10);
    expect(again.value).toMatchObject({ replayed: true, answer: { kind: 'held', holder: { owner: 'ben', token: 2 } } });
  });
});

describe('a retry by the same key', () => {
  it('of a place that was given up is refused for good', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben', { waitMs: 100, key: 'k' });
    await bench.run(200);
    expect(ben.code).toBe('lock-held');
    const again = ask(bench, 'ben', { waitMs: 100, key: 'k' });
    await bench.run(10);
    expect(again.code).toBe('fenced');
  });
});

describe('a state that jumps', () => {
  it('brings the turn of a waiter, or the end of his place', async () => {
    const bench = await held();
    const ben = ask(bench, 'ben');
    const cleo = ask(bench, 'cleo');
    const dora = ask(bench, 'dora');
    await bench.run(10);
    const elsewhere = lockBench({ log: new AppliedLog(bench.log.state.copy(), bench.log.applied) });
    release(elsewhere, 1);
    await elsewhere.run(10);
    release(elsewhere, 2);
    await elsewhere.run(10);
    bench.log.jump(elsewhere.log.state.copy(), elsewhere.log.applied);
    await bench.run(0);
    expect(ben.code).toBe('fenced');
    expect(cleo.value?.answer).toMatchObject({ kind: 'held', holder: { owner: 'cleo', token: 3 } });
    expect(dora).toEqual({});
  });
});
