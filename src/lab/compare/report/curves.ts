/** The curves of a report: how long clients waited, how soon writes were seen, and how old what was read was. */
import type { Level } from '../../../check/history/record.js';
import { requestsOf } from '../cells.js';
import { isRead, latencyMs, type Measured } from '../measured.js';
import { quantiles } from '../percentiles.js';
import { LEVELS } from '../plan.js';
import type { PhaseRun, Visibility } from '../results.js';
import type { WriteHistory } from '../staleness.js';
import { type Axis, type Chart, decades, type Series } from './chart.js';

const SHARE_TICKS = [0, 0.5, 0.9, 0.99, 0.999];
const RARITIES = SHARE_TICKS.map(rarity);
/** Each is drawn as far from 1 as its rest is rare: 0.9, 0.99 and 0.999 are evenly spread. */
const LATENCY_XS = [...new Set([...RARITIES, ...Array.from({ length: 61 }, (_, i) => i / 20)])].sort((a, b) => a - b);
/** Where the first bucket of t-visibility, which begins at 0, is drawn. */
const LEAST_MS = 0.5;
/** The share of fewer says nothing. */
export const FEW_READS = 5;
const AGES_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
const TIME_TICKS = [1, 10, 100, 1_000, 10_000];
/** A little wider than what can be, so that lines at either end are seen whole. */
const SHARES: Omit<Axis, 'title'> = {
  unit: 'share',
  isLog: false,
  from: -0.02,
  to: 1.02,
  ticks: [0, 0.25, 0.5, 0.75, 1],
};

export function latencyChart(kind: 'read' | 'write', phase: PhaseRun, measured: readonly Measured[]): Chart {
  const shares = LATENCY_XS.map((x) => 1 - 10 ** -x);
  const series = LEVELS.map((level): Series => {
    const requests = loadOf(measured, level, phase).filter((each) => isRead(each) === (kind === 'read'));
    const latencies = requests.flatMap((each) => latencyMs(each) ?? []);
    const values = quantiles(latencies, shares);
    return { name: level, values: LATENCY_XS.map((_, i) => values[i] ?? null) };
  });
  return {
    title: `${kind === 'read' ? 'Reads' : 'Writes'}, ${phase.name}`,
    x: { title: 'share that waited no longer', unit: 'rarity', isLog: false, from: 0, to: 3, ticks: RARITIES },
    y: { title: 'waited', unit: 'ms', ...decades(series.flatMap(({ values }) => values)) },
    xs: LATENCY_XS,
    series,
  };
}

/** Of the points of a latency curve, those with a name. */
export function isNamedShare(x: number): boolean {
  return RARITIES.includes(x);
}

export function visibilityChart(phase: string, all: readonly Visibility[]): Chart {
  const ofPhase = all.filter((each) => each.phase === phase);
  const xs = (ofPhase[0]?.points ?? []).map(({ fromMs }) => Math.max(LEAST_MS, fromMs));
  return {
    title: `Chance that a write is seen elsewhere, ${phase}`,
    x: timeAxis('since it was acknowledged', LEAST_MS, xs),
    y: { title: 'seen, it or newer', ...SHARES },
    xs,
    series: ofPhase.map(({ level, points }) => ({
      name: level,
      values: points.map(({ reads, saw }) => (reads < FEW_READS ? null : saw / reads)),
    })),
  };
}

export function stalenessChart(phase: PhaseRun, measured: readonly Measured[], writes: WriteHistory): Chart {
  const series = LEVELS.map((level): Series => {
    const reads = loadOf(measured, level, phase).filter((each) => isRead(each) && each.record.status === 'ok');
    const ages = reads.map((read) => writes.ageOf(read).ms);
    const within = (ms: number): number => ages.filter((age) => age <= ms).length / ages.length;
    return { name: level, values: AGES_MS.map((ms) => (ages.length === 0 ? null : within(ms))) };
  });
  return {
    title: `How old reads were, ${phase.name}`,
    x: timeAxis('since the first newer write', 1, AGES_MS),
    y: { title: 'reads that were no older', ...SHARES },
    xs: AGES_MS,
    series,
  };
}

/** Not what is said in conversations: they are no load. */
function loadOf(measured: readonly Measured[], level: Level, phase: PhaseRun): readonly Measured[] {
  const everybody = { name: 'all', replicas: phase.sides.flatMap(({ replicas }) => replicas) };
  return requestsOf(measured, level, phase, everybody).filter(({ purpose }) => purpose !== 'talk');
}

function timeAxis(title: string, from: number, xs: readonly number[]): Axis {
  const to = xs.at(-1) ?? 1_000;
  return { title, unit: 'ms', isLog: true, from, to, ticks: TIME_TICKS.filter((at) => at <= to) };
}

function rarity(share: number): number {
  return Math.round(-Math.log10(1 - share) * 10_000) / 10_000;
}
