/** The count of requests in flight and of their durations, by itself. */
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/api/metrics.js';
import { Traffic } from '../../../src/api/traffic.js';
import { LIMITS } from '../../../src/base/limits.js';
import { MemoryReplica } from './memory-replica.js';

describe('durations', () => {
  it('are counted under every bound they do not exceed', async () => {
    const traffic = new Traffic(1);
    for (const seconds of [0.0005, 0.0007, 0.2, 60]) traffic.record('/r', 'GET', 200, 'causal', seconds);
    const text = await createMetrics(new MemoryReplica(), traffic).render();
    const under = (bound: string) =>
      Number(new RegExp(`_bucket\\{route="/r".*le="${bound.replace('+', '\\+')}"\\} (\\d+)`).exec(text)?.[1]);
    expect(['0.0005', '0.001', '0.1', '0.25', '10', '+Inf'].map(under)).toEqual([1, 2, 2, 3, 3, 4]);
    expect(text).toMatch(/_sum\{route="\/r".*\} 60\.2012/);
  });
});

describe('room', () => {
  it('is for so many requests and so many bytes, and comes back', () => {
    const traffic = new Traffic(2);
    expect([traffic.admit(1), traffic.admit(1), traffic.admit(0)]).toEqual([true, true, false]);
    traffic.release(1);
    expect(traffic.admit(LIMITS.requestBodiesMaxBytes)).toBe(false);
    expect(traffic.admit(LIMITS.requestBodiesMaxBytes - 1)).toBe(true);
    expect(traffic.inFlight).toBe(2);
  });
});
