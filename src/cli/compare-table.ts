/** A comparison on a terminal: a table for each phase, and what was kept and broken. */
import { type Measured, NS_PER_MS } from '../lab/compare/measured.js';
import { LEVELS } from '../lab/compare/plan.js';
import type { Cell, PhaseRun, RequestFigures, Results } from '../lab/compare/results.js';
import { renderTable } from './table.js';

const TITLES = [
  'SIDE',
  'LEVEL',
  '',
  'OK/S',
  'SERVED',
  'REFUSED',
  'UNKNOWN',
  'P50',
  'P90',
  'P99',
  'P99.9',
  'MAX',
  'STALE',
  'WORST',
  'ANOMALIES',
];
const BARS = '▁▂▃▄▅▆▇█';
const SLICES = 32;

export function renderPhase(phase: PhaseRun, cells: readonly Cell[]): string {
  const rows = cells.filter((cell) => cell.phase === phase.name).flatMap((cell) => [readRow(cell), writeRow(cell)]);
  const { convergenceMs } = phase;
  const after =
    convergenceMs === undefined
      ? ''
      : convergenceMs === null
        ? '; replicas did not catch up afterwards'
        : `; once it was over, replicas caught up in ${ms(convergenceMs)}`;
  const seconds = (phase.endMs - phase.startMs) / 1_000;
  return `\n${phase.name} (${seconds.toFixed(0)} s): ${phase.what}${after}\n${renderTable(TITLES, rows)}`;
}

function readRow(cell: Cell): readonly string[] {
  const { staleness, anomalies } = cell;
  const stale = staleness.reads === 0 ? '-' : percent(staleness.stale / staleness.reads);
  const worst = staleness.stale === 0 ? '-' : ms(staleness.ms?.max ?? 0);
  const found = anomalies.causalViolations === 0 ? '-' : `${anomalies.causalViolations} acausal`;
  return [cell.side, cell.level, 'read', ...figures(cell.read), stale, worst, found];
}

function writeRow({ write, anomalies }: Cell): readonly string[] {
  const { lostUpdates, duplicateClaims } = anomalies;
  const found = [
    ...(lostUpdates === 0 ? [] : [`${lostUpdates} lost updates`]),
    ...(duplicateClaims === 0 ? [] : [`${duplicateClaims} names given twice`]),
  ];
  return ['', '', 'write', ...figures(write), '', '', found.length === 0 ? '-' : found.join(', ')];
}

function figures({ ok, refused, unknown, okPerSecond, latencyMs }: RequestFigures): readonly string[] {
  const asked = ok + refused + unknown;
  const served = asked === 0 ? '-' : percent(ok / asked);
  const times = (['p50', 'p90', 'p99', 'p999', 'max'] as const).map((at) =>
    latencyMs === null ? '-' : ms(latencyMs[at]),
  );
  return [okPerSecond.toFixed(0), served, String(refused), String(unknown), ...times];
}

export function renderVerdicts({ promises, assertions, siblings, convergenceAtEndMs }: Results): string {
  const kept = promises.map(({ model, verdict, judged, detail }) => [model, verdict, String(judged), detail]);
  const asserted = assertions.map(({ text, holds, measured }) => [
    text,
    holds ? 'holds' : 'fails',
    measured === null ? 'nothing measured' : String(measured),
  ]);
  const end =
    convergenceAtEndMs === null
      ? 'Replicas did not become equal.'
      : `Replicas were equal ${ms(convergenceAtEndMs)} after the last request.`;
  return [
    `\n${renderTable(['PROMISE', 'VERDICT', 'OPERATIONS', ''], kept)}`,
    asserted.length === 0 ? '' : `\n${renderTable(['ASSERTION', '', 'MEASURED'], asserted)}`,
    `\n${end} ${siblings.withSiblings} of ${siblings.keys} keys show concurrent versions.\n`,
  ].join('');
}

/** For each level how many requests were served, slice by slice of the phase. */
export function sparklines({ startMs, endMs }: PhaseRun, measured: readonly Measured[]): string {
  const slices = new Map(LEVELS.map((level) => [level as string, new Array<number>(SLICES).fill(0)]));
  for (const { record, intended } of measured) {
    const at = Math.floor(((intended / NS_PER_MS - startMs) / (endMs - startMs)) * SLICES);
    const counts = slices.get(record.level);
    if (record.status === 'ok' && counts !== undefined && at >= 0 && at < SLICES) counts[at] = (counts[at] ?? 0) + 1;
  }
  const most = Math.max(1, ...[...slices.values()].flat());
  return [...slices].map(([level, counts]) => `  ${level.padEnd(12)} ${line(counts, most)}\n`).join('');
}

function line(counts: readonly number[], most: number): string {
  return counts
    .map((count) =>
      count === 0 ? ' ' : (BARS[Math.min(BARS.length - 1, Math.floor((count / most) * BARS.length))] ?? ' '),
    )
    .join('');
}

function ms(value: number): string {
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  return value >= 100 ? `${value.toFixed(0)} ms` : value >= 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(2)} ms`;
}

function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100}%`;
  return `${(share * 100).toFixed(1)}%`;
}
