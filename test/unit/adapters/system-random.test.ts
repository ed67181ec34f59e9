import { expect, test } from 'vitest';
import { createSystemRandom } from '../../../src/adapters/system-random.js';

const random = createSystemRandom();

test('u32 gives unsigned 32-bit integers that do not repeat', () => {
  const words = Array.from({ length: 2000 }, () => random.u32());
  expect(words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)).toBe(true);
  // Two equal ones among 2,000 happen once in 2,000 runs; ten pairs do not happen.
  expect(new Set(words).size).toBeGreaterThan(1990);
});

test('float gives numbers from 0 up to but not including 1, spread evenly', () => {
  const floats = Array.from({ length: 10_000 }, () => random.float());
  expect(floats.every((value) => value >= 0 && value < 1)).toBe(true);
  // Ten standard deviations: chance does not reach this.
  const mean = floats.reduce((sum, value) => sum + value, 0) / floats.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  expect(floats.some((value) => (value * 2 ** 32) % 1 !== 0)).toBe(true);
});

test('two sources do not give the same numbers', () => {
  const other = createSystemRandom();
  const take = (source: { u32(): number }): number[] => Array.from({ length: 8 }, () => source.u32());
  expect(take(random)).not.toEqual(take(other));
});
