/** What is asked of peers of a stream that this replica makes itself. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { LogHole } from '../../../src/replication/log-hole.js';

const GRACE_MS = LIMITS.logGroupGraceMs;

describe('a group of the log that peers have and we have not', () => {
  it('is left to our own log while that moves', () => {
    const hole = new LogHole();
    for (let n = 0; n < 10; n += 1) {
      hole.reached(n, n * GRACE_MS * 0.9);
      expect(hole.missing(n + 1, n + 5, n * GRACE_MS * 0.9)).toBe(0);
    }
  });

  it('is fetched when our own log has stood still for a while since peers are ahead, however long it was at rest', () => {
    const hole = new LogHole();
    hole.reached(3, 0);
    expect(hole.missing(4, 3, 50 * GRACE_MS)).toBe(0);
    expect(hole.missing(4, 6, 60 * GRACE_MS)).toBe(0);
    expect(hole.missing(4, 7, 61 * GRACE_MS - 1)).toBe(0);
    expect(hole.missing(4, 7, 61 * GRACE_MS)).toBe(7);
    // And so on, without another wait, until our own log moves.
    expect(hole.missing(8, 9, 61 * GRACE_MS + 1)).toBe(9);
    hole.reached(4, 61 * GRACE_MS + 2);
    expect(hole.missing(10, 12, 61 * GRACE_MS + 3)).toBe(0);
  });

  it('is fetched at once where our own log is beyond it: that came as a copy of the state', () => {
    const hole = new LogHole();
    hole.reached(50, 0);
    expect(hole.missing(11, 80, 1)).toBe(50);
    expect(hole.missing(11, 40, 2)).toBe(40);
    expect(hole.missing(51, 80, 3)).toBe(0);
  });
});
