/** What is drawn for one run before it begins. The seed and the number of ticks determine all of it. */
import { LIMITS } from '../base/limits.js';
import { drawFaults } from './faults/draw.js';
import type { Fault } from './faults/fault.js';
import { SimRandom } from './random.js';
import { drawWeather, type Weather } from './world/weather.js';

export interface Scenario {
  readonly seed: number;
  /** Of `LIMITS.tickMs` each; how long anything may happen before everything is healed. */
  readonly ticks: number;
  readonly replicas: number;
  /** Machines that run no replica until a fault brings one in. */
  readonly spares: number;
  readonly clients: number;
  readonly keys: number;
  /** Between two requests of a client, on average. */
  readonly thinkMs: number;
  readonly flushMs: number;
  /** Share of flushes that take a hundred times as long. */
  readonly stallShare: number;
  readonly driftPpm: number;
  /** How many entries a log keeps behind the durable state: with few, laggards need a copy of the state. */
  readonly trailingEntries: number;
  readonly weather: Weather;
  readonly faults: readonly Fault[];
}

/** @param only The faults to keep, by their numbers; all of them by default. */
export function drawScenario(seed: number, ticks: number, only?: readonly number[]): Scenario {
  const random = new SimRandom(seed).stream('scenario');
  const replicas = random.pick([1, 2, 3, 3, 3, 3, 3, 3, 4, 5]);
  const spares = random.chance(0.3) ? 1 : 0;
  const isRough = random.chance(0.5);
  const scenario = {
    seed,
    ticks,
    replicas,
    spares,
    clients: 2 + random.int(6),
    keys: random.pick([1, 2, 3, 5, 8]),
    thinkMs: Math.round(random.between(20, 160)),
    flushMs: round(random.pick([0.1, 0.5, 2, 8])),
    stallShare: random.pick([0, 0, 0.002, 0.01]),
    driftPpm: random.pick([0, 50, 500, 900]),
    trailingEntries: random.pick([0, 10, 100, LIMITS.raftTrailingEntries]),
    weather: drawWeather(random, isRough),
  };
  const faults = drawFaults(new SimRandom(seed).stream('faults'), { ...scenario, durationMs: ticks * LIMITS.tickMs });
  return { ...scenario, faults: faults.filter(({ number }) => only === undefined || only.includes(number)) };
}

/** All drawn options but the faults, on one line. */
export function describeScenario(scenario: Scenario): string {
  const { loss, doubling, delayMs, jitterMs, strayShare, strayMs } = scenario.weather;
  const { replicas, spares, clients, keys, thinkMs, flushMs, stallShare, driftPpm, trailingEntries, ticks } = scenario;
  return [
    `ticks ${ticks}`,
    `replicas ${replicas}${spares > 0 ? `+${spares}` : ''}`,
    `clients ${clients}`,
    `keys ${keys}`,
    `think ${thinkMs} ms`,
    `flush ${flushMs} ms (stalls ${stallShare})`,
    `drift ${driftPpm} ppm`,
    `log keeps ${trailingEntries}`,
    `network ${delayMs}+${jitterMs} ms, loss ${loss}, doubling ${doubling}, stray ${strayShare} to ${strayMs} ms`,
    `faults ${scenario.faults.length}`,
  ].join(', ');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
