/** The tables of a report. */
import { escapeText } from '../../../check/timeline/escape.js';
import { overviewOf } from '../overview.js';
import type { Cell, PhaseRun, RequestFigures, Results } from '../results.js';
import { duration, percent, troublesOfWrites } from '../words.js';

const OVERVIEW_TITLES = [
  'level',
  'median read',
  'median write',
  'served in the minority',
  'in the majority',
  'stale reads',
  'effects before causes',
  'lost updates',
  'names given twice',
];
const TITLES = [
  'side',
  'level',
  '',
  'ok/s',
  'served',
  'refused',
  'unknown',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'max',
  'stale',
  'p50 age',
  'worst age',
  'versions behind',
  'anomalies',
];

/** The whole comparison in three lines. */
export function overviewTable({ phases, cells }: Results): string {
  const rows = overviewOf(phases, cells).map(({ level, readMs, writeMs, minority, majority, anomalies }) => [
    level,
    ms(readMs),
    ms(writeMs),
    ...[minority, majority].map((side) => (side === undefined ? '-' : `${side.ok} of ${side.asked}`)),
    ...[anomalies.staleReads, anomalies.causalViolations, anomalies.lostUpdates, anomalies.duplicateClaims].map(String),
  ]);
  return table(OVERVIEW_TITLES, rows);
}

export function phaseTable(phase: PhaseRun, cells: readonly Cell[]): string {
  const rows = cells.filter((cell) => cell.phase === phase.name).flatMap((cell) => [readRow(cell), writeRow(cell)]);
  return `<h3>${escapeText(phase.name)}</h3><p>${escapeText(`${phase.what}.${afterwards(phase)}`)}</p>${table(TITLES, rows)}`;
}

export function distanceTable({ byReplica, regions }: Results): string {
  const rows = byReplica.map((cell) => {
    const region = regions.find(({ replica }) => replica === cell.side)?.region ?? '';
    return [cell.side, region, cell.level, ms(cell.read.latencyMs?.p50), ms(cell.write.latencyMs?.p50)];
  });
  return table(['replica', 'region', 'level', 'p50 of reads', 'p50 of writes'], rows);
}

export function promiseTable({ promises }: Results): string {
  return table(
    ['promise', 'verdict', 'operations judged', ''],
    promises.map(({ model, verdict, judged, detail }) => [model, verdict, String(judged), detail]),
  );
}

export function assertionTable({ assertions }: Results): string {
  if (assertions.length === 0) return '';
  const rows = assertions.map(({ text, holds, measured }) => [
    text,
    holds ? 'holds' : 'fails',
    String(measured ?? '-'),
  ]);
  return `<h3>Assertions</h3>${table(['assertion', '', 'measured'], rows)}`;
}

/** Cells are text; words of a verdict or a level become the class of their cell. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = titles.map((title) => `<th>${escapeText(title)}</th>`).join('');
  const body = rows
    .map(
      (row) =>
        `<tr>${row.map((cell) => `<td class="${MARKED.has(cell) ? cell : ''}">${escapeText(cell)}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const MARKED = new Set(['eventual', 'causal', 'linearizable', 'ok', 'violated', 'unknown', 'holds', 'fails']);

function readRow(cell: Cell): readonly string[] {
  const { staleness, anomalies } = cell;
  const stale = staleness.reads === 0 ? '-' : percent(staleness.stale / staleness.reads);
  const ages = [ms(staleness.ms?.p50), ms(staleness.ms?.max), String(staleness.versions?.max ?? '-')];
  const found = anomalies.causalViolations === 0 ? '' : `${anomalies.causalViolations} against causality`;
  return [cell.side, cell.level, 'read', ...figures(cell.read), stale, ...ages, found];
}

function writeRow({ write, anomalies }: Cell): readonly string[] {
  return ['', '', 'write', ...figures(write), '', '', '', '', troublesOfWrites(anomalies)];
}

function figures({ ok, refused, unknown, okPerSecond, latencyMs }: RequestFigures): readonly string[] {
  const asked = ok + refused + unknown;
  const times = (['p50', 'p90', 'p99', 'p999', 'max'] as const).map((at) => ms(latencyMs?.[at]));
  return [okPerSecond.toFixed(1), asked === 0 ? '-' : percent(ok / asked), String(refused), String(unknown), ...times];
}

function afterwards({ convergenceMs }: PhaseRun): string {
  if (convergenceMs === undefined) return '';
  if (convergenceMs === null) return ' Replicas did not catch up after it was over.';
  return ` Once it was over, every replica had everything that any had after ${ms(convergenceMs)}.`;
}

function ms(value: number | null | undefined): string {
  return value === undefined || value === null ? '-' : duration(value);
}
