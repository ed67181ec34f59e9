import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadlineWheel } from '../../../src/adapters/deadline-wheel.js';

/** A step of the wheel, and what Node's timers round. */
const LATE_MAX_MS = 11;

type Step =
  | { readonly kind: 'set'; readonly delayMs: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), delayMs: fc.double({ min: 0, max: 20_000, noNaN: true }) }),
    fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(40) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3_000) }),
  ),
  { maxLength: 80 },
);

describe('the wheel of deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'], now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('what is not cancelled runs once, never early and at most a step late', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const wheel = new DeadlineWheel();
        const ran = follow(wheel, script);
        vi.advanceTimersByTime(20_000 + LATE_MAX_MS);
        for (const { dueMs, ranMs, cancelledMs } of ran) {
          if (cancelledMs !== undefined) expect(ranMs).toEqual([]);
          else {
            expect(ranMs).toHaveLength(1);
            expect(ranMs[0]).toBeGreaterThanOrEqual(dueMs);
            expect(ranMs[0]).toBeLessThanOrEqual(dueMs + LATE_MAX_MS);
          }
        }
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });

  test('all of them share one timer of Node', () => {
    const wheel = new DeadlineWheel();
    const cancels = Array.from({ length: 1_000 }, (_, i) => wheel.after(600 + i, () => undefined));
    expect(vi.getTimerCount()).toBe(1);
    for (const cancel of cancels) cancel();
    vi.advanceTimersByTime(5_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('those due in one step run in the order in which they were set, but for what one of them cancels', () => {
    const wheel = new DeadlineWheel();
    const ran: string[] = [];
    wheel.after(700, () => {
      ran.push('first');
      cancelThird();
      wheel.after(0, () => ran.push('set meanwhile'));
    });
    wheel.after(700, () => ran.push('second'));
    const cancelThird = wheel.after(700, () => ran.push('third'));
    wheel.after(700, () => ran.push('fourth'));
    vi.advanceTimersByTime(800);
    expect(ran).toEqual(['first', 'second', 'fourth', 'set meanwhile']);
  });

  test('what throws does not take the others with it', () => {
    const wheel = new DeadlineWheel();
    const ran: string[] = [];
    wheel.after(700, () => {
      throw new Error('broken');
    });
    wheel.after(700, () => ran.push('the next'));
    expect(() => vi.advanceTimersByTime(720)).toThrow('broken');
    vi.advanceTimersByTime(20);
    expect(ran).toEqual(['the next']);
  });

  test('after a long pause of the process everything that is due runs at once', () => {
    const wheel = new DeadlineWheel();
    const ran: number[] = [];
    for (const delayMs of [600, 5_200, 9_000, 61_000]) wheel.after(delayMs, () => ran.push(delayMs));
    const paused = vi.spyOn(performance, 'now').mockReturnValue(3_600_000);
    vi.advanceTimersToNextTimer();
    paused.mockRestore();
    expect(ran.sort((a, b) => a - b)).toEqual([600, 5_200, 9_000, 61_000]);
  });
});

interface Observed {
  readonly dueMs: number;
  readonly ranMs: number[];
  cancelledMs?: number;
}

function follow(wheel: DeadlineWheel, script: readonly Step[]): readonly Observed[] {
  const all: (Observed & { readonly cancel: () => void })[] = [];
  for (const step of script) {
    if (step.kind === 'pass') vi.advanceTimersByTime(step.ms);
    else if (step.kind === 'set') {
      const ranMs: number[] = [];
      const cancel = wheel.after(step.delayMs, () => ranMs.push(performance.now()));
      all.push({ dueMs: performance.now() + step.delayMs, ranMs, cancel });
    } else {
      const one = all[step.which % Math.max(1, all.length)];
      one?.cancel();
      if (one !== undefined && one.ranMs.length === 0) one.cancelledMs ??= performance.now();
    }
  }
  return all;
}
