import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';

describe('memory time', () => {
  test('stands still until it is advanced', () => {
    const time = createMemoryTime({ wallMs: 1_000_000 });
    const ran: string[] = [];
    time.after(0, () => ran.push('due'));
    time.soon(() => ran.push('soon'));
    expect([time.wallMs(), time.monotonicMs(), ran]).toEqual([1_000_000, 0, []]);
    time.advance(0);
    expect(ran).toEqual(['soon', 'due']);
    time.advance(2.5);
    expect([time.wallMs(), time.monotonicMs()]).toEqual([1_000_002, 2.5]);
  });

  test('each task sees the clock at its own moment, and tasks may set tasks that are due on the way', () => {
    const time = createMemoryTime();
    const ran: [string, number][] = [];
    const note = (name: string): void => void ran.push([name, time.monotonicMs()]);
    time.after(10, () => {
      note('ten');
      time.after(5, () => note('fifteen'));
      time.after(0, () => note('ten again'));
      time.soon(() => note('soon after ten'));
    });
    time.after(12, () => note('twelve'));
    time.after(30, () => note('thirty'));
    time.advance(20);
    expect(ran).toEqual([
      ['ten', 10],
      ['soon after ten', 10],
      ['ten again', 10],
      ['twelve', 12],
      ['fifteen', 15],
    ]);
    expect([time.monotonicMs(), time.nextDueMs()]).toEqual([20, 30]);
  });

  test('the wall clock may jump either way; timers and the monotonic clock do not notice', () => {
    const time = createMemoryTime({ wallMs: 5_000 });
    const ran: number[] = [];
    time.after(10, () => ran.push(time.monotonicMs()));
    time.setWallMs(1_000);
    time.advance(5);
    expect(time.wallMs()).toBe(1_005);
    time.setWallMs(9_000);
    time.advance(5);
    expect([time.wallMs(), ran]).toEqual([9_005, [10]]);
  });

  test('tasks that keep each other busy at one moment are an error, not a hang', () => {
    const time = createMemoryTime();
    const again = (): void => time.soon(again);
    again();
    expect(() => time.advance(1)).toThrow(/busy at one moment/);
  });

  test('time cannot be advanced backwards', () => {
    expect(() => createMemoryTime().advance(-1)).toThrow(/never goes back/);
  });

  test('any timers run in the order of their moments, and of their making where these are equal; cancelled ones do not', () => {
    const timer = fc.record({ delayMs: fc.nat(20), isCancelled: fc.boolean() });
    const runsInOrder = fc.property(fc.array(timer, { maxLength: 60 }), fc.array(fc.nat(10)), (timers, steps) => {
      const time = createMemoryTime();
      const ran: number[] = [];
      const cancels = timers.map(({ delayMs }, id) => time.after(delayMs, () => ran.push(id)));
      for (const [id, { isCancelled }] of timers.entries()) if (isCancelled) cancels[id]?.();
      for (const step of steps) time.advance(step);
      time.advance(20);
      const expected = timers
        .map((each, id) => ({ ...each, id }))
        .filter(({ isCancelled }) => !isCancelled)
        .sort((a, b) => a.delayMs - b.delayMs || a.id - b.id);
      expect(ran).toEqual(expected.map(({ id }) => id));
      expect(time.nextDueMs()).toBeUndefined();
    });
    fc.assert(runsInOrder, { numRuns: 300 });
  });
});
