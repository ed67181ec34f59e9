/** How messages travel while no link is cut. */
import type { SimRandom } from '../random.js';

export interface Weather {
  /** Shares of messages. */
  readonly loss: number;
  readonly doubling: number;
  /** Least and mean further delay; it varies, so messages overtake each other. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Now and then one message takes this much longer. */
  readonly strayShare: number;
  readonly strayMs: number;
}

export function drawWeather(random: SimRandom, isRough: boolean): Weather {
  if (!isRough) return { loss: 0, doubling: 0, delayMs: 0.2, jitterMs: 0.3, strayShare: 0, strayMs: 0 };
  return {
    loss: random.pick([0, 0.01, 0.05, 0.2]),
    doubling: random.pick([0, 0.01, 0.1]),
    delayMs: random.pick([0.2, 1, 5, 40]),
    jitterMs: random.pick([0.3, 2, 20, 60]),
    strayShare: random.pick([0, 0.005, 0.02]),
    strayMs: random.pick([100, 1_000, 5_000]),
  };
}
