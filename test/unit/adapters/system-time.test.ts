import { describe, expect, test } from 'vitest';
import { createSystemTime } from '../../../src/adapters/system-time.js';

describe('system time', () => {
  const time = createSystemTime();

  test('the wall clock is that of the system, in whole milliseconds', () => {
    const [before, wallMs, after] = [Date.now(), time.wallMs(), Date.now()];
    expect(Number.isInteger(wallMs)).toBe(true);
    expect(wallMs).toBeGreaterThanOrEqual(before);
    expect(wallMs).toBeLessThanOrEqual(after);
  });

  test('a timer never runs before its delay has passed', async () => {
    for (const delayMs of [0, 0.4, 1, 1.5, 3.7]) {
      const startMs = time.monotonicMs();
      const ranMs = await new Promise<number>((resolve) => {
        time.after(delayMs, () => resolve(time.monotonicMs()));
      });
      // Node compares whole milliseconds of its own clock, so it may be early by less than one.
      expect(ranMs - startMs).toBeGreaterThan(delayMs - 1);
    }
  });

  test('a cancelled timer does not run, and cancelling twice or late is harmless', async () => {
    const ran: string[] = [];
    const cancel = time.after(1, () => ran.push('cancelled'));
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      time.after(20, resolve);
    });
    const late = time.after(0, () => ran.push('ran'));
    await new Promise<void>((resolve) => {
      time.after(5, resolve);
    });
    late();
    expect(ran).toEqual(['ran']);
  });

  test('a delay longer than Node can wait does not run at once', async () => {
    const ran: string[] = [];
    const cancel = time.after(Number.MAX_SAFE_INTEGER, () => ran.push('too early'));
    await new Promise<void>((resolve) => {
      time.after(10, resolve);
    });
    cancel();
    expect(ran).toEqual([]);
  });

  test('what is given to soon runs after this turn, in order', async () => {
    const ran: string[] = [];
    time.soon(() => ran.push('first'));
    time.soon(() => ran.push('second'));
    ran.push('this turn');
    await Promise.resolve().then(() => ran.push('its promises'));
    await new Promise<void>((resolve) => time.soon(resolve));
    expect(ran).toEqual(['this turn', 'its promises', 'first', 'second']);
  });
});
