/** A comparison on a terminal: a table for each phase, and what was kept and broken. */
import { type Measured, NS_PER_MS } from '../lab/compare/measured.js';
import { overviewOf, type Served } from '../lab/compare/overview.js';
import { LEVELS } from '../lab/compare/plan.js';
import type { Cell, PhaseRun, RequestFigures, Results } from '../lab/compare/results.js';
import { duration, percent, troublesOfWrites } from '../lab/compare/words.js';
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
const OVERVIEW = ['LEVEL', 'READ', 'WRITE', 'MINORITY', 'MAJORITY', 'STALE', 'ACAUSAL', 'LOST', 'GIVEN TWICE'];
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
        : `; once it was over, replicas caught up in ${duration(convergenceMs)}`;
  const seconds = (phase.endMs - phase.startMs) / 1_000;
  return `\n${phase.name} (${seconds.toFixed(0)} s): ${phase.what}${after}\n${renderTable(TITLES, rows)}`;
}

function readRow(cell: Cell): readonly string[] {
  const { staleness, anomalies } = cell;
  const stale = staleness.reads === 0 ? '-' : percent(staleness.stale / staleness.reads);
  const worst = staleness.stale === 0 ? '-' : duration(staleness.ms?.max ?? 0);
  const found = anomalies.causalViolations === 0 ? '-' : `${anomalies.causalViolations} acausal`;
  return [cell.side, cell.level, 'read', ...figures(cell.read), stale, worst, found];
}

function writeRow({ write, anomalies }: Cell): readonly string[] {
  return ['', '', 'write', ...figures(write), '', '', troublesOfWrites(anomalies) || '-'];
}

function figures({ ok, refused, unknown, okPerSecond, latencyMs }: RequestFigures): readonly string[] {
  const asked = ok + refused + unknown;
  const served = asked === 0 ? '-' : percent(ok / asked);
  const times = (['p50', 'p90', 'p99', 'p999', 'max'] as const).map((at) =>
    latencyMs === null ? '-' : duration(latencyMs[at]),
  );
  return [okPerSecond.toFixed(0), served, String(refused), String(unknown), ...times];
}

/** The whole comparison in three lines. */
export function renderOverview({ phases, cells }: Results): string {
  const served = (side: Served | undefined): string => (side === undefined ? '-' : `${side.ok} of ${side.asked}`);
  const rows = overviewOf(phases, cells).map(({ level, readMs, writeMs, minority, majority, anomalies }) => [
    level,
    readMs === null ? '-' : duration(readMs),
    writeMs === null ? '-' : duration(writeMs),
    served(minority),
    served(majority),
    String(anomalies.staleReads),
    String(anomalies.causalViolations),
    String(anomalies.lostUpdates),
    String(anomalies.duplicateClaims),
  ]);
  return (
    'What each level costs when all is well, who is served in a partition, and what goes wrong in the whole run:\n' +
    renderTable(OVERVIEW, rows)
  );
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
      : `Replicas were equal ${duration(convergenceAtEndMs)} after the last request.`;
  return [
    `\n${renderTable(['PROMISE', 'VERDICT', 'OPERATIONS', ''], kept)}`,
    asserted.length === 0 ? '' : `\n${renderTable(['ASSERTION', '', 'MEASURED'], asserted)}`,
    `\n${end} ${siblings.withSiblings} of ${siblings.keys} keys show concurrent versions.\n`,
  ].join('');
}

/** For each level how many requests were served, slice by slice of the phase. */
export function sparklines(
  { startMs, endMs }: Pick<PhaseRun, 'startMs' | 'endMs'>,
  measured: readonly Measured[],
): string {
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
