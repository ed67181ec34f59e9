/** Every case of every bench runs, so that none rots unseen. Nothing is timed here. */
import { describe, expect, it } from 'vitest';
import { PART_SUITES, SUITES } from '../../bench/suites.js';

const TIMES = 3;

describe('the benches', () => {
  it('have names that tell suites and cases apart', () => {
    const names = SUITES.flatMap(({ name, cases }) => cases.map((benchCase) => `${name}: ${benchCase.name}`));
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(SUITES.map(({ name }) => name)).size).toBe(SUITES.length);
  });

  describe.each(PART_SUITES.map((suite) => [suite.name, suite] as const))('of %s', (_, suite) => {
    it.each(suite.cases.map((benchCase) => [benchCase.name, benchCase] as const))('run: %s', async (__, benchCase) => {
      try {
        const operation = await benchCase.setUp();
        expect(operation).toBeTypeOf('function');
        for (let n = 0; n < TIMES; n += 1) await operation();
      } finally {
        await benchCase.tearDown?.();
      }
    });
  });
});
