/** Every case of the bench that needs a running lab runs once, with few clients. Nothing is timed here. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { levelsSuite } from '../../../bench/levels.js';

const suite = levelsSuite({ clientCounts: [1, 3], requestsEach: 2, keys: 10 });
const operations = new Map<string, () => unknown>();

beforeAll(async () => {
  for (const { name, setUp } of suite.cases) operations.set(name, await setUp());
});

afterAll(async () => {
  for (const { tearDown } of suite.cases) await tearDown?.();
});

describe('the bench of the levels', () => {
  // On a busy machine a leader may lose its place, and a request be refused for that.
  it.each(suite.cases.map(({ name }) => name))('runs: %s', async (name) => {
    expect(await vi.waitFor(() => operations.get(name)?.(), { timeout: 30_000 })).toBeGreaterThan(0);
  });
});
