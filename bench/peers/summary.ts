/** From measurements to medians, spreads and ratios. No number is left out, and none is worth more than another. */
import { type Spread, spreadOf } from '../load/quantile.js';
import { isSameCase, type PeerCase } from './cases.js';
import type { Measurement } from './measure.js';

export interface CaseRow {
  readonly system: string;
  readonly rounds: number;
  readonly opsPerSecond: Spread;
  readonly p50Us: Spread;
  readonly p99Us: Spread;
  /** Of all rounds together. */
  readonly refused: number;
  /** The highest of the rounds. */
  readonly generatorCpu: number;
  /** Processor time of all servers of the system for one operation, in microseconds. */
  readonly serverCpuUs: number;
  /** Ours over theirs in the same round; undefined for ourselves. */
  readonly ratio: Spread | undefined;
}

/** What is compared with the others. */
export const OURS = 'Causeway';
/** What no server written for Node.js can go beyond. */
export const FLOOR = 'bare Node.js';

type Metric = (measurement: Measurement) => number;

export const THROUGHPUT: Metric = ({ opsPerSecond }) => opsPerSecond;
/** Of a latency the reciprocal, so that more is better for every metric. */
export const MEDIAN_SPEED: Metric = ({ p50Us }) => 1 / p50Us;

/** The rows of one case, one for each system that has measurements of it, in the order of `systems`. */
export function summarize(
  measurements: readonly Measurement[],
  wanted: PeerCase,
  systems: readonly string[],
): readonly CaseRow[] {
  const all = measurements.filter((measurement) => isSameCase(measurement, wanted));
  return systems.flatMap((system) => {
    const own = all.filter((measurement) => measurement.system === system);
    if (own.length === 0) return [];
    const spread = (metric: Metric): Spread => spreadOf(own.map(metric));
    return [
      {
        system,
        rounds: own.length,
        opsPerSecond: spread(THROUGHPUT),
        p50Us: spread(({ p50Us }) => p50Us),
        p99Us: spread(({ p99Us }) => p99Us),
        refused: own.reduce((sum, { refused }) => sum + refused, 0),
        generatorCpu: Math.max(...own.map(({ generatorCpu }) => generatorCpu)),
        serverCpuUs: spread(({ serverCpu, opsPerSecond }) => (serverCpu * 1e6) / opsPerSecond).median,
        ratio: ratioTo(measurements, wanted, system, THROUGHPUT),
      },
    ];
  });
}

/** Ours, or those of the system `of`, over theirs, round by round; undefined if no round has both. */
export function ratioTo(
  measurements: readonly Measurement[],
  wanted: PeerCase,
  peer: string,
  metric: Metric,
  of: string = OURS,
): Spread | undefined {
  if (peer === of) return undefined;
  const all = measurements.filter((measurement) => isSameCase(measurement, wanted));
  const ratios = all.flatMap((theirs) => {
    if (theirs.system !== peer) return [];
    const ours = all.find(({ system, round }) => system === of && round === theirs.round);
    return ours === undefined ? [] : [metric(ours) / metric(theirs)];
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** A share of a processor from which on the load generator may be what sets the pace. */
export const GENERATOR_BOUND = 0.9;
