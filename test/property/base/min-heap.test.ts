/** The heap, and the queue of deadlines over it, against sorted lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinHeap } from '../../../src/base/min-heap.js';
import { DeadlineQueue } from '../../../src/replica/order/deadline-queue.js';

describe('a min-heap', () => {
  it('gives back what went in, least first', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ max: 20, min: 0 }), { nil: 'pop' as const })), (steps) => {
        const heap = new MinHeap<number>((a, b) => a < b);
        let sorted: number[] = [];
        for (const step of steps) {
          if (step === 'pop') {
            expect(heap.pop()).toBe(sorted[0]);
            sorted = sorted.slice(1);
          } else {
            heap.push(step);
            sorted = [...sorted, step].sort((a, b) => a - b);
          }
          expect([heap.peek(), heap.size]).toEqual([sorted[0], sorted.length]);
        }
      }),
    );
  });
});

describe('a queue of deadlines', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      item: fc.integer({ min: 0, max: 9 }),
      dueMs: fc.integer({ min: 0, max: 50 }),
    }),
    fc.record({ kind: fc.constant('delete' as const), item: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant('take' as const), nowMs: fc.integer({ min: 0, max: 50 }) }),
  );

  it('knows the latest deadline of each item, whatever it was before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const queue = new DeadlineQueue<number>();
        const plain = new Map<number, number>();
        const least = () => (plain.size === 0 ? undefined : Math.min(...plain.values()));
        for (const one of steps) {
          if (one.kind === 'set') {
            queue.set(one.item, one.dueMs);
            plain.set(one.item, one.dueMs);
          } else if (one.kind === 'delete') {
            queue.delete(one.item);
            plain.delete(one.item);
          } else {
            const dueMs = least();
            const taken = queue.take(one.nowMs);
            if (dueMs === undefined || dueMs > one.nowMs) expect(taken).toBeUndefined();
            else expect(plain.get(taken ?? -1)).toBe(dueMs);
            if (taken !== undefined) plain.delete(taken);
          }
          expect([queue.size, queue.nextDueMs()]).toEqual([plain.size, least()]);
        }
      }),
    );
  });

  it('does not grow with the number of changes', () => {
    const queue = new DeadlineQueue<string>();
    for (let i = 0; i < 10_000; i += 1) {
      queue.set('one', 1_000_000 + i);
      queue.set(`brief ${i}`, 1_000_000);
      queue.delete(`brief ${i}`);
    }
    expect(queue.size).toBe(1);
    expect(queue.footprint).toBeLessThan(200);
  });
});
