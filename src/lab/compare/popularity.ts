/** How often each of some keys is chosen. */
import type { Draw } from '../workload/draw.js';
import type { Distribution } from './plan.js';

/** The exponent that YCSB has for its skewed workloads (B. F. Cooper et al., "Benchmarking cloud serving systems with YCSB", 2010). */
const ZIPF_EXPONENT = 0.99;

export class Popularity {
  /** Share of key `i` and all before it. */
  readonly #upTo: Float64Array;

  constructor(keys: number, distribution: Distribution) {
    const weights = Array.from({ length: keys }, (_, i) => (distribution === 'zipf' ? (i + 1) ** -ZIPF_EXPONENT : 1));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    let upTo = 0;
    this.#upTo = Float64Array.from(weights, (weight) => {
      upTo += weight;
      return upTo / sum;
    });
  }

  /** 0 is the most popular. */
  next(draw: Draw): number {
    const at = draw.float();
    let [low, high] = [0, this.#upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#upTo[middle] as number) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
