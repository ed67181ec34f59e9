import { describe, expect, test } from 'vitest';
import { OutboundWindow } from '../../../src/adapters/outbound-window.js';

const KIB = 1024;

/** A window whose pings are answered when the test says so. */
function windowWithPings() {
  const answers: (() => void)[] = [];
  const window = new OutboundWindow(() => new Promise((resolve) => void answers.push(resolve)));
  const answerAll = async (): Promise<void> => {
    for (const answer of answers.splice(0)) answer();
    await Promise.resolve();
  };
  return { window, answers, answerAll };
}

describe('the outbound window', () => {
  test('admits a bounded number of bytes while no ping is answered, and no message after', () => {
    const { window } = windowWithPings();
    let admittedBytes = 0;
    while (window.admit(64 * KIB)) admittedBytes += 64 * KIB;
    expect(admittedBytes).toBeGreaterThan(16 * KIB * KIB);
    expect(admittedBytes).toBeLessThan(64 * KIB * KIB);
    expect(window.admit(0)).toBe(false);
  });

  test('opens again when pings are answered', async () => {
    const { window, answerAll } = windowWithPings();
    while (window.admit(64 * KIB));
    await answerAll();
    expect(window.admit(64 * KIB)).toBe(true);
  });

  test('with pings answered never closes, and pings seldom', async () => {
    const { window, answers, answerAll } = windowWithPings();
    let pings = 0;
    for (let n = 0; n < 10_000; n += 1) {
      expect(window.admit(10 * KIB)).toBe(true);
      pings += answers.length;
      await answerAll();
    }
    expect(pings).toBeGreaterThan(100);
    expect(pings).toBeLessThan(1_000);
  });

  test('counts empty messages too', () => {
    const { window } = windowWithPings();
    let messages = 0;
    while (messages < 10_000_000 && window.admit(0)) messages += 1;
    expect(messages).toBeLessThan(1_000_000);
  });
});
