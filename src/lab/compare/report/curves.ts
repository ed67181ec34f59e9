/** The curves of a report: how long clients waited, and how soon writes were seen. */

import { requestsOf } from '../cells.js';
import { isRead, latencyMs, type Measured } from '../measured.js';
import { quantiles } from '../percentiles.js';
import { LEVELS } from '../plan.js';
import type { PhaseRun, Visibility } from '../results.js';
import { decades, lineChart, type Series } from './chart.js';

/** Each is drawn as far from 1 as its rest is rare: 0.9, 0.99 and 0.999 are evenly spread. */
const SHARES = Array.from({ length: 61 }, (_, i) => 1 - 10 ** (-i / 20));
const SHARE_TICKS = [0, 0.5, 0.9, 0.99, 0.999] as const;

export function latencyChart(kind: 'read' | 'write', phase: PhaseRun, measured: readonly Measured[]): string {
  const everybody = { name: 'all', replicas: phase.sides.flatMap(({ replicas }) => replicas) };
  const series = LEVELS.map((level): Series => {
    const requests = requestsOf(measured, level, phase, everybody).filter(
      (each) => each.purpose !== 'talk' && isRead(each) === (kind === 'read'),
    );
    const values = quantiles(
      requests.flatMap((each) => latencyMs(each) ?? []),
      SHARES,
    );
    return { name: level, className: level, points: values.map((value, i) => [rarity(SHARES[i] ?? 0), value]) };
  });
  const all = series.flatMap(({ points }) => points.map(([, value]) => value));
  return lineChart({
    title: `${kind === 'read' ? 'Reads' : 'Writes'}, ${phase.name}`,
    x: {
      title: 'share of requests that waited no longer',
      scale: { kind: 'linear', from: 0, to: 3 },
      ticks: SHARE_TICKS.map((share) => ({ at: rarity(share), text: `${share * 100}%` })),
    },
    y: { title: 'waited', ...decades(all, duration) },
    series,
  });
}

export function visibilityChart(phase: string, all: readonly Visibility[]): string {
  const series = all
    .filter((each) => each.phase === phase)
    .map(({ level, points }): Series => {
      const known = points.filter(({ reads }) => reads > 0);
      return {
        name: level,
        className: level,
        points: known.map(({ fromMs, reads, saw }) => [Math.max(LEAST_MS, fromMs), saw / reads]),
      };
    });
  return lineChart({
    title: `Chance that a write is seen elsewhere, ${phase}`,
    x: {
      title: 'time since the write was acknowledged',
      scale: { kind: 'log', from: LEAST_MS, to: 2_000 },
      ticks: [1, 10, 100, 1_000].map((at) => ({ at, text: duration(at) })),
    },
    y: {
      title: 'seen, it or newer',
      scale: { kind: 'linear', from: 0, to: 1 },
      ticks: [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: `${at * 100}%` })),
    },
    series,
  });
}

/** Where the first bucket, which begins at 0, is drawn. */
const LEAST_MS = 0.5;

function rarity(share: number): number {
  return -Math.log10(1 - share);
}

function duration(ms: number): string {
  if (ms >= 1_000) return `${ms / 1_000} s`;
  return ms >= 1 ? `${ms} ms` : `${ms * 1_000} µs`;
}
