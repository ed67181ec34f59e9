/** Compaction, and members that come back after it. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { StateCopy } from '../../../src/replica/order/ordered-state.js';
import { CopyCursor } from '../../../src/replica/order/raft-copy-cursor.js';
import { RaftOrderCluster } from '../../support/raft-order-cluster.js';

const TUNING = { trailingEntries: 20, compactStepEntries: 10, snapshotChunkMaxBytes: 300 };

/** Two members that go on without the third, which is down, until what it needs is compacted away. */
async function withLaggard(seed: number): Promise<{ cluster: RaftOrderCluster; leader: number; laggard: number }> {
  const cluster = new RaftOrderCluster({ seed, tuning: TUNING });
  await cluster.start();
  await cluster.pass(300);
  const leader = cluster.leader ?? 0;
  const laggard = (leader + 1) % 3;
  await work(cluster, leader, 10);
  cluster.crash(laggard);
  await work(cluster, leader, 200);
  expect(cluster.run(leader).order.status().firstIndex).toBeGreaterThan(100);
  return { cluster, leader, laggard };
}

async function work(cluster: RaftOrderCluster, member: number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 10) {
    for (let k = 0; k < 10; k += 1) cluster.run(member).order.append(utf8Encode(`${i + k}`), () => {});
    await cluster.pass(50);
  }
}

function sameEverywhere(cluster: RaftOrderCluster): void {
  const [first, ...others] = cluster.members.map(({ run }) => run?.state.entries);
  for (const other of others) expect(other).toEqual(first);
}

describe('compaction', () => {
  it('keeps the log short without copying anything', async () => {
    const { cluster, leader } = await withLaggard(1);
    for (const { run } of cluster.members) {
      if (run === undefined) continue;
      const { firstIndex, lastIndex } = run.order.status();
      expect(lastIndex - firstIndex).toBeLessThanOrEqual(TUNING.trailingEntries + 2 * TUNING.compactStepEntries);
      expect(run.state.copies).toBe(0);
      expect(run.order.counters.compactedEntries).toBe(firstIndex - 1);
    }
    const rows = cluster.member(leader).storage.count('log');
    expect(rows).toBeLessThan(TUNING.trailingEntries + 4 * TUNING.compactStepEntries);
    await cluster.close();
  });

  it('measures the log in bytes as well', async () => {
    const tuning = { trailingMaxBytes: 20_000, compactStepEntries: 10 };
    const cluster = new RaftOrderCluster({ members: 1, tuning });
    await cluster.start();
    for (let i = 0; i < 100; i += 1) {
      cluster.run(0).order.append(new Uint8Array(1_000).fill(65), () => {});
      await cluster.pass(20);
    }
    const { firstIndex, lastIndex } = cluster.run(0).order.status();
    expect(lastIndex - firstIndex).toBeLessThan(30);
    expect(lastIndex).toBeGreaterThan(100);
    await cluster.close();
  });

  it('survives restarts, whenever they come', async () => {
    const cluster = new RaftOrderCluster({ seed: 2, members: 1, tuning: TUNING });
    await cluster.start();
    for (let round = 0; round < 30; round += 1) {
      await work(cluster, 0, 20);
      await cluster.pass(cluster.random.int(25));
      cluster.crash(0);
      cluster.open(0);
      await cluster.until(() => cluster.leader === 0, 3_000, 'it leads again');
    }
    expect(cluster.run(0).order.status().firstIndex).toBeGreaterThan(400);
    expect(cluster.fatal).toEqual([]);
    await cluster.close();
  });
});

describe('a member whose entries are compacted away', () => {
  it('comes back by a copy while the others go on, and the copy is closed afterwards', async () => {
    const { cluster, leader, laggard } = await withLaggard(3);
    cluster.open(laggard);
    await work(cluster, leader, 100);
    await cluster.converge();
    sameEverywhere(cluster);
    expect(cluster.run(laggard).state.installs).toBe(1);
    expect(cluster.run(laggard).order.counters.installed).toBe(1);
    expect(cluster.run(leader).order.counters.copiesMade).toBe(1);
    await cluster.pass(LIMITS.snapshotIdleMs + 1_000);
    expect(cluster.run(leader).state.openCopies).toBe(0);
    await work(cluster, leader, 100);
    expect(cluster.run(leader).order.status().firstIndex).toBeGreaterThan(250);
    await cluster.close();
  });

  it('comes back a second time, by a newer copy', async () => {
    const { cluster, leader, laggard } = await withLaggard(4);
    cluster.open(laggard);
    await cluster.converge();
    cluster.crash(laggard);
    await cluster.pass(LIMITS.snapshotIdleMs + 1_000);
    await work(cluster, leader, 200);
    cluster.open(laggard);
    await cluster.converge();
    sameEverywhere(cluster);
    expect(cluster.run(leader).order.counters.copiesMade).toBe(2);
    await cluster.close();
  });

  it.each([5, 6, 7, 8])('comes back though it dies again and again and messages are lost (seed %i)', async (seed) => {
    const { cluster, leader, laggard } = await withLaggard(seed);
    cluster.loss = 0.05;
    cluster.doubling = 0.1;
    cluster.delayMs = 10;
    for (let round = 0; round < 10; round += 1) {
      cluster.open(laggard);
      await cluster.pass(50 + cluster.random.int(400));
      cluster.crash(laggard);
    }
    cluster.open(laggard);
    await work(cluster, leader, 50);
    await cluster.converge();
    sameEverywhere(cluster);
    expect(cluster.fatal).toEqual([]);
    await cluster.close();
  });

  it('comes back though the leader that copied for it is gone', async () => {
    const { cluster, leader, laggard } = await withLaggard(9);
    cluster.open(laggard);
    await cluster.until(() => cluster.run(leader).state.openCopies > 0, 3_000, 'a copy is made');
    const other = [0, 1, 2].find((index) => index !== leader && index !== laggard) ?? 0;
    cluster.run(leader).order.transfer(cluster.member(other).origin);
    await cluster.converge();
    sameEverywhere(cluster);
    await cluster.close();
  });

  it('writes nothing and takes no more pieces while the state prepares what came', async () => {
    const { cluster, leader, laggard } = await withLaggard(11);
    const { order, state } = cluster.open(laggard);
    let release: (() => void) | undefined;
    state.beforeInstall = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await cluster.until(() => release !== undefined, 3_000, 'a copy is whole');
    await cluster.pass(2 * LIMITS.electionTimeoutMs);
    expect(order.counters.refused.get('busy')).toBeGreaterThan(0);
    const term = order.status().term;
    const other = [0, 1, 2].find((index) => index !== leader && index !== laggard) ?? 0;
    cluster.run(leader).order.transfer(cluster.member(other).origin);
    await work(cluster, other, 50);
    expect(order.status().term).toBeGreaterThan(term);
    expect(cluster.member(laggard).storage.pendingCommits).toBe(0);
    expect(state.installs).toBe(0);
    state.beforeInstall = () => Promise.resolve();
    release?.();
    await cluster.converge();
    sameEverywhere(cluster);
    expect(cluster.fatal).toEqual([]);
    await cluster.close();
  });

  it('goes on from its own disk if what it is given is no state, and takes a sound copy later', async () => {
    const { cluster, leader, laggard } = await withLaggard(10);
    const other = [0, 1, 2].find((index) => index !== leader && index !== laggard) ?? 0;
    cluster.run(leader).state.spoil = true;
    const { order, state } = cluster.open(laggard);
    const before = state.entries.length;
    await cluster.pass(5_000);
    expect(order.counters.installsRefused).toBeGreaterThan(0);
    expect(state.entries).toHaveLength(before);
    expect(cluster.fatal).toEqual([]);
    cluster.run(leader).order.transfer(cluster.member(other).origin);
    await cluster.converge();
    sameEverywhere(cluster);
    expect(order.counters.installed).toBe(1);
    await cluster.close();
  });
});

describe('reading a copy', () => {
  const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251);
  function cursor(...sizes: readonly number[]) {
    let passes = 0;
    const copy: StateCopy = {
      index: 1,
      *pieces() {
        passes += 1;
        let at = 0;
        for (const size of sizes) {
          yield bytes.subarray(at, at + size);
          at += size;
        }
      },
      close: () => {},
    };
    return { read: new CopyCursor(copy), passes: () => passes };
  }

  it('cuts pieces of any size into chunks of any size', () => {
    const { read } = cursor(1, 0, 399, 600);
    for (let at = 0; at < 1_000; at += 70) {
      const length = Math.min(70, 1_000 - at);
      expect(read.read(at, length)).toEqual(bytes.slice(at, at + length));
    }
    expect(read.read(1_000, 0)).toHaveLength(0);
  });

  it('gives the last chunks again without beginning anew, and older ones all the same', () => {
    const { read, passes } = cursor(1_000);
    for (const at of [0, 100, 200, 100, 200, 300]) expect(read.read(at, 100)).toEqual(bytes.slice(at, at + 100));
    expect(passes()).toBe(1);
    expect(read.read(50, 100)).toEqual(bytes.slice(50, 150));
    expect(read.read(700, 100)).toEqual(bytes.slice(700, 800));
    expect(passes()).toBe(2);
  });

  it('stops the process if a copy ends too early', () => {
    const { read } = cursor(100);
    expect(() => read.read(50, 100)).toThrow('a copy ends before its size');
  });
});
