/** Leases end when their holder renews them no more: not early, not twice, and not for ever too late. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import type { CoordinationCommand } from '../../../src/coordination/command.js';
import { encodeCoordination } from '../../../src/coordination/command.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import { AppliedLog } from '../../support/applied-log.js';
import { CONTEXT, fateOf, lockBench } from '../../support/lock-bench.js';
import { entryOf } from '../../support/ordered-log.js';

const L = { space: 'lock', name: 'l' } as const;
const TTL = 1_000;
/** What a lease of one second gets on top. */
const GRACE = LIMITS.leaseMarginMs + (TTL * LIMITS.leaseClockDriftPpm) / 1_000_000;
type Bench = ReturnType<typeof lockBench>;

function put(log: AppliedLog, command: CoordinationCommand): void {
  const coordinate = { kind: 'coordinate', command: encodeCoordination(command) } as const;
  log.deliver(encodeEntry(entryOf({ base: log.applied, command: coordinate })));
}

const acquire = (owner: string, waitMs = 0, name = 'l'): CoordinationCommand => ({
  kind: 'acquire',
  space: 'lock',
  name,
  owner,
  ttlMs: TTL,
  waitMs,
});

function holderOf(bench: Bench): string | undefined {
  return bench.feed.read(L)?.holder.owner;
}

describe('a lease', () => {
  it('ends after its ttl and the margin, not before, by one entry', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    await bench.run(TTL + GRACE - 1);
    expect(bench.proposals.proposed).toHaveLength(0);
    await bench.run(3);
    expect(holderOf(bench)).toBeUndefined();
    await bench.run(60_000);
    expect(bench.proposed('expire')).toEqual([{ kind: 'expire', ...L, token: 1, renewal: 1 }]);
    expect(bench.keeper.watched).toBe(0);
  });

  it('that is renewed begins anew', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    for (let i = 0; i < 10; i += 1) {
      await bench.run(900);
      put(bench.log, { kind: 'renew', ...L, token: 1 });
    }
    expect(bench.proposals.proposed).toHaveLength(0);
    await bench.run(TTL + GRACE + 2);
    expect(bench.proposed('expire')).toEqual([{ kind: 'expire', ...L, token: 1, renewal: 11 }]);
  });

  it('that was renewed while its end was on the way goes on', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    bench.proposals.delayMs = 50;
    await bench.run(TTL + GRACE + 10);
    expect(bench.proposed('expire')).toHaveLength(1);
    put(bench.log, { kind: 'renew', ...L, token: 1 });
    await bench.run(900);
    expect(holderOf(bench)).toBe('anna');
    await bench.run(1_000);
    expect(holderOf(bench)).toBeUndefined();
    expect(bench.proposed('expire')).toHaveLength(2);
  });

  it('passes to who waits, whose own begins then', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    put(bench.log, acquire('ben', 60_000));
    await bench.run(TTL + GRACE + 2);
    expect(holderOf(bench)).toBe('ben');
    await bench.run(TTL);
    expect(holderOf(bench)).toBe('ben');
    await bench.run(GRACE + 3);
    expect(holderOf(bench)).toBeUndefined();
  });

  it('knows what is left of it', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    const remaining = () => bench.keeper.remainingMs(L, { owner: 'anna', token: 1, ttlMs: TTL, renewal: 1 });
    await bench.run(300);
    expect(remaining()).toBe(700);
    bench.order.hasLeader = false;
    await bench.run(1_000);
    expect(remaining()).toBe(0);
  });

  it('that was held when the replica started gets its full ttl', async () => {
    const before = lockBench();
    put(before.log, acquire('anna'));
    put(before.log, { ...acquire('ben'), space: 'election' } as CoordinationCommand);
    const bench = lockBench({ log: before.log });
    expect(bench.keeper.watched).toBe(2);
    await bench.run(TTL);
    expect(holderOf(bench)).toBe('anna');
    await bench.run(GRACE + 2);
    expect(bench.proposed('expire').map(({ space }) => space)).toEqual(['lock', 'election']);
    expect(bench.keeper.watched).toBe(0);
  });
});

describe('a jump of the state', () => {
  it('keeps the moment of a lease that goes on, begins new ones, and forgets those that are gone', async () => {
    const bench = lockBench();
    for (const name of ['l', 'gone']) put(bench.log, acquire('anna', 0, name));
    const peer = new AppliedLog(bench.log.state.copy(), bench.log.applied);
    put(peer, { kind: 'release', space: 'lock', name: 'gone', token: 2 });
    put(peer, acquire('cleo', 0, 'new'));
    await bench.run(600);
    bench.log.jump(peer.state, peer.applied);
    expect(bench.keeper.watched).toBe(2);
    await bench.run(400 + GRACE + 2);
    expect(bench.proposed('expire').map(({ name }) => name)).toEqual(['l']);
    await bench.run(600);
    expect(bench.proposed('expire').map(({ name }) => name)).toEqual(['l', 'new']);
  });
});

describe('who ends a lease', () => {
  it('is the leader, and another only after a grace', async () => {
    const bench = lockBench();
    bench.order.isLeader = false;
    put(bench.log, acquire('anna'));
    await bench.run(TTL + GRACE + LIMITS.leaseFollowerGraceMs - 1);
    expect(bench.proposals.proposed).toHaveLength(0);
    await bench.run(LIMITS.leaseCheckMs + 2);
    expect(holderOf(bench)).toBeUndefined();
  });

  it('is soon whoever becomes the leader', async () => {
    const bench = lockBench();
    bench.order.isLeader = false;
    put(bench.log, acquire('anna'));
    await bench.run(TTL + GRACE + 100);
    bench.order.isLeader = true;
    await bench.run(LIMITS.leaseCheckMs + 2);
    expect(holderOf(bench)).toBeUndefined();
  });

  it('is nobody while there is no leader', async () => {
    const bench = lockBench();
    bench.order.hasLeader = false;
    put(bench.log, acquire('anna'));
    await bench.run(60_000);
    expect(bench.proposals.proposed).toHaveLength(0);
    bench.order.hasLeader = true;
    await bench.run(LIMITS.leaseCheckMs + 2);
    expect(holderOf(bench)).toBeUndefined();
  });
});

describe('an end that fails', () => {
  it('is tried again, more and more seldom, and then at once no more', async () => {
    const bench = lockBench();
    bench.proposals.fate = 'no-quorum';
    put(bench.log, acquire('anna'));
    await bench.run(60_000);
    const tried = bench.proposals.proposed.length;
    expect(tried).toBeGreaterThan(10);
    expect(tried).toBeLessThan(20);
    expect(bench.traces.filter((name) => name === 'lock.end-failed').length).toBeGreaterThan(10);
    bench.proposals.fate = 'applied';
    await bench.run(LIMITS.leaseRetryMaxMs + 1_000);
    expect(holderOf(bench)).toBeUndefined();
    expect(bench.keeper.watched).toBe(0);
  });

  it('and is applied all the same does no harm', async () => {
    const bench = lockBench();
    bench.proposals.fate = 'late';
    put(bench.log, acquire('anna'));
    await bench.run(TTL + LIMITS.timeoutDefaultMs + 100);
    expect(holderOf(bench)).toBeUndefined();
    put(bench.log, acquire('ben'));
    bench.proposals.fate = 'applied';
    await bench.run(TTL - 1);
    expect(holderOf(bench)).toBe('ben');
  });
});

describe('a process that was paused', () => {
  it('reads what has arrived before it ends what came due meanwhile', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    bench.process.pause();
    await bench.run(5_000);
    bench.process.run(() => put(bench.log, { kind: 'renew', ...L, token: 1 }));
    bench.process.resume();
    await bench.run(TTL - 1);
    expect(holderOf(bench)).toBe('anna');
    expect(bench.proposals.proposed).toHaveLength(0);
  });

  it('ends what was not renewed', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    bench.process.pause();
    await bench.run(5_000);
    bench.process.resume();
    expect(holderOf(bench)).toBe('anna');
    await bench.run(LIMITS.leaseStallMs + 5);
    expect(holderOf(bench)).toBeUndefined();
  });
});

describe('many leases', () => {
  it('share one timer, and end a bounded number at a time', async () => {
    const bench = lockBench();
    const COUNT = 500;
    for (let i = 0; i < COUNT; i += 1) put(bench.log, acquire('anna', 0, `l${i}`));
    expect(bench.keeper.watched).toBe(COUNT);
    bench.proposals.delayMs = 10;
    await bench.run(TTL + GRACE + 5);
    expect(bench.proposals.proposed).toHaveLength(LIMITS.leaseEndsInFlightMax);
    await bench.run(1_000);
    expect(bench.proposed('expire')).toHaveLength(COUNT);
    expect(bench.keeper.watched).toBe(0);
    expect(bench.time.nextDueMs()).toBeUndefined();
  });
});

describe('a place in the queue', () => {
  it('at which nobody waits any more is given up after its time', async () => {
    const bench = lockBench();
    put(bench.log, { ...acquire('anna'), ttlMs: 3_600_000 } as CoordinationCommand);
    put(bench.log, acquire('ben', 5_000));
    await bench.run(5_000 + LIMITS.lockPlaceGraceMs);
    expect(bench.feed.read(L)?.waiters).toHaveLength(1);
    await bench.run(20);
    expect(bench.feed.read(L)?.waiters).toEqual([]);
    expect(holderOf(bench)).toBe('anna');
  });
});

describe('a keeper that is closed', () => {
  it('does nothing more', async () => {
    const bench = lockBench();
    put(bench.log, acquire('anna'));
    fateOf(bench.service.coordinate({ command: { kind: 'renew', ...L, token: 1 } }, CONTEXT));
    bench.keeper.close();
    await bench.run(60_000);
    expect(bench.proposed('expire')).toEqual([]);
    expect(bench.time.nextDueMs()).toBeUndefined();
  });
});
