/** Where every choice of a run comes from: a small seeded generator, divided into streams that do not disturb each other. */
import { assert } from '../base/assert.js';
import type { Random } from '../ports/random.js';

/** mulberry32, by T. Ettinger. */
export class SimRandom implements Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** A stream of its own for `purpose`: what others draw does not change what it yields. */
  stream(purpose: string): SimRandom {
    let hash = (this.#seed ^ 0x811c9dc5) >>> 0;
    for (let i = 0; i < purpose.length; i += 1) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193) >>> 0;
    return new SimRandom(mixed(hash));
  }

  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return mixed(this.#state);
  }

  float(): number {
    return this.u32() / 2 ** 32;
  }

  /** Uniform in [0, below). */
  int(below: number): number {
    return Math.floor(this.float() * below);
  }

  /** Uniform in [least, most). */
  between(least: number, most: number): number {
    return least + this.float() * (most - least);
  }

  /** Many small values and a few large ones, with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float());
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'nothing to pick from');
    return items[this.int(items.length)] as T;
  }

  /** The items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    for (let i = rest.length - 1; i > 0; i -= 1) {
      const j = this.int(i + 1);
      [rest[i], rest[j]] = [rest[j] as T, rest[i] as T];
    }
    return rest;
  }

  /** One of the names, by their weights. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return (entries.at(-1) as [K, number])[0];
  }
}

function mixed(state: number): number {
  let value = Math.imul(state ^ (state >>> 15), 1 | state);
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
  return (value ^ (value >>> 14)) >>> 0;
}
