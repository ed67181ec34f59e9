import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { parseReplicaId } from '../../../src/base/ids.js';
import type { LinkFault, PartitionFault } from '../../../src/replica/faults/fault-control.js';
import { skewedTime } from '../../../src/replica/faults/fault-filter.js';
import { FaultTable } from '../../../src/replica/faults/fault-table.js';

const [r1, r2, r3, r4] = ['r1', 'r2', 'r3', 'r4'].map(parseReplicaId) as [
  LinkFault['from'],
  LinkFault['from'],
  LinkFault['from'],
  LinkFault['from'],
];

function partition(name: string, ttlMs = 1_000): PartitionFault {
  return { kind: 'partition', name, groups: [[r1], [r2, r3]], ttlMs };
}

function link(ttlMs = 1_000): LinkFault {
  return { kind: 'link', from: r2, to: r3, drop: 0, delayMs: 5, jitterMs: 0, duplicate: 0, ttlMs };
}

describe('the fault table', () => {
  it('cuts replicas of different groups from each other, whichever way is asked, and none within a group', () => {
    const table = new FaultTable(createMemoryTime());
    table.put(partition('p'));
    expect([table.cut(r1, r2), table.cut(r2, r1), table.cut(r3, r1)]).toEqual([true, true, true]);
    expect([table.cut(r2, r3), table.cut(r3, r2), table.cut(r1, r1)]).toEqual([false, false, false]);
  });

  it('treats whoever is in no group as a group of its own', () => {
    const table = new FaultTable(createMemoryTime());
    table.put(partition('p'));
    expect([table.cut(r4, r1), table.cut(r2, r4), table.cut(r4, r4)]).toEqual([true, true, false]);
  });

  it('ends each fault when its time to live is over, and counts down until then', () => {
    const time = createMemoryTime();
    const table = new FaultTable(time);
    table.put(partition('p', 1_000));
    table.put(link(2_000));
    table.put({ kind: 'clock', skewMs: 500, ttlMs: 3_000 });
    time.advance(999.5);
    expect(table.list().map((fault) => [fault.kind, fault.remainingMs])).toEqual([
      ['partition', 1],
      ['link', 1_001],
      ['clock', 2_001],
    ]);
    expect(table.cut(r1, r2)).toBe(true);
    time.advance(0.5);
    expect(table.cut(r1, r2)).toBe(false);
    expect(table.link(r2, r3)).toBeDefined();
    time.advance(1_000);
    expect(table.link(r2, r3)).toBeUndefined();
    expect(table.skewMs()).toBe(500);
    time.advance(1_000);
    expect(table.skewMs()).toBe(0);
    expect(table.list()).toEqual([]);
  });

  it('is quiet again once the last fault has ended, although nobody asks for the link it was on', () => {
    const time = createMemoryTime();
    const table = new FaultTable(time);
    expect(table.quiet).toBe(true);
    table.put(link(1_000));
    expect(table.quiet).toBe(false);
    time.advance(1_000);
    expect(table.quiet).toBe(true);
    table.put(partition('p', 1_000));
    expect(table.quiet).toBe(false);
    time.advance(1_000);
    expect(table.quiet).toBe(true);
  });

  it('replaces a fault of the same name, link or clock, and its time to live with it', () => {
    const time = createMemoryTime();
    const table = new FaultTable(time);
    table.put(partition('p', 1_000));
    table.put({ ...partition('p', 5_000), groups: [[r1, r2], [r3]] });
    time.advance(2_000);
    expect([table.cut(r1, r2), table.cut(r2, r3)]).toEqual([false, true]);
    table.put(link());
    table.put({ ...link(), delayMs: 9 });
    expect(table.link(r2, r3)?.delayMs).toBe(9);
    expect(table.link(r3, r2)).toBeUndefined();
    expect(table.list()).toHaveLength(2);
  });

  it('joins partitions: two are cut if any partition says so', () => {
    const table = new FaultTable(createMemoryTime());
    table.put({ ...partition('p'), groups: [[r1, r2], [r3]] });
    table.put({ ...partition('q'), groups: [[r1, r3], [r2]] });
    expect([table.cut(r1, r2), table.cut(r1, r3), table.cut(r2, r3)]).toEqual([true, true, true]);
    expect(table.removePartition('q')).toBe(true);
    expect([table.cut(r1, r2), table.cut(r1, r3)]).toEqual([false, true]);
  });

  it('says whether there was anything to remove', () => {
    const time = createMemoryTime();
    const table = new FaultTable(time);
    expect([table.removePartition('p'), table.removeLink(r2, r3), table.removeClock()]).toEqual([false, false, false]);
    table.put(partition('p', 100));
    table.put(link());
    table.put({ kind: 'clock', skewMs: -1, ttlMs: 1_000 });
    time.advance(100);
    expect([table.removePartition('p'), table.removeLink(r2, r3), table.removeClock()]).toEqual([false, true, true]);
    table.put(partition('p'));
    table.put(link());
    table.put({ kind: 'clock', skewMs: 0, ttlMs: 1_000 });
    expect(table.removeClock()).toBe(true);
    table.clear();
    expect([table.list(), table.quiet, table.cut(r1, r2)]).toEqual([[], true, false]);
  });
});

describe('a skewed clock', () => {
  it('is off by the fault while that lasts, and leaves the monotonic clock and timers alone', () => {
    const time = createMemoryTime({ wallMs: 1_000_000 });
    const table = new FaultTable(time);
    const skewed = skewedTime(time, table);
    const ran: string[] = [];
    table.put({ kind: 'clock', skewMs: -3_600_000, ttlMs: 100 });
    expect([skewed.wallMs(), skewed.monotonicMs()]).toEqual([1_000_000 - 3_600_000, 0]);
    skewed.after(50, () => ran.push('after'));
    skewed.soon(() => ran.push('soon'));
    skewed.after(60, () => ran.push('never'))();
    time.advance(100);
    expect(ran).toEqual(['soon', 'after']);
    expect([skewed.wallMs(), skewed.monotonicMs()]).toEqual([1_000_100, 100]);
  });
});
