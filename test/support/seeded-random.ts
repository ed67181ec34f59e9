/** A small seeded generator (mulberry32): one seed is the whole run. */
import type { Random } from '../../src/ports/random.js';

export interface SeededRandom extends Random {
  /** Uniform in [0, below). */
  int(below: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const float = (): number => u32() / 2 ** 32;
  const int = (below: number): number => Math.floor(float() * below);
  return {
    u32,
    float,
    int,
    pick: (items) => {
      const item = items[int(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    chance: (probability) => float() < probability,
  };
}

/** The seed of a run: `SEED` if set, otherwise fresh; print it with a failure. */
export function runSeed(): number {
  const given = process.env['SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
