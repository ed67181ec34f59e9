/** The results as Markdown: the same text for the terminal, for a file, and for a page of documentation. */
import type { Spread } from '../load/quantile.js';
import type { DiskFacts, MachineFacts } from '../machine.js';
import { caseName, casesFor, type PeerCase } from './cases.js';
import type { Failure, Measurement } from './measure.js';
import type { PeerOptions } from './options.js';
import { type CaseRow, FLOOR, GENERATOR_BOUND, summarize } from './summary.js';
import type { TargetResult } from './targets.js';

export interface MeasuredVersion {
  readonly system: string;
  readonly version: string;
  readonly durability: string;
}

export interface PeerResults {
  readonly machine: MachineFacts;
  readonly disk: DiskFacts;
  readonly options: PeerOptions;
  readonly systems: readonly MeasuredVersion[];
  /** One sentence for each system that was not there. */
  readonly skipped: readonly string[];
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
  readonly targets: readonly TargetResult[];
}

export function renderReport(results: PeerResults): string {
  const { options, skipped, failures } = results;
  const parts = [
    heading(results),
    ...casesFor(options.clientCounts).map((measured) => renderCase(results, measured)),
    renderTargets(results.targets),
    skipped.length === 0 ? '' : `Not measured:\n\n${list(skipped)}`,
    failures.length === 0 ? '' : `What failed:\n\n${list(failures.map(failureLine))}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** `text` with `body` between the two marks. @throws Error if the marks are not there, in this order. */
export function replaceBetween(text: string, begin: string, end: string, body: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from + begin.length);
  if (from < 0 || to < 0) throw new Error(`the text has no place between ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}

function heading({ machine, disk, options, systems }: PeerResults): string {
  const { rounds, measureMs, warmUpMs, keys, valueBytes } = options;
  return [
    `${machine.date}: ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, ` +
      `Node.js ${machine.node}, ${disk.fileSystem}; 4 KiB appended and synced in ${disk.syncUs} µs; load before ${machine.load}.`,
    `${rounds} interleaved rounds; each case ${measureMs / 1_000} s after ${warmUpMs / 1_000} s of warm-up; ${keys} keys, ` +
      `values of ${valueBytes} bytes; three servers each, started afresh in every round, one system at a time.`,
    table(
      ['system', 'version', 'an acknowledged write'],
      systems.map(({ system, version, durability }) => [system, version, durability]),
    ),
  ].join('\n\n');
}

function renderCase({ measurements, systems }: PeerResults, measured: PeerCase): string {
  const names = systems.map(({ system }) => system);
  const rows = summarize(measurements, measured, names);
  if (rows.length === 0) return '';
  const cells = rows.map((row) => [
    row.system,
    spreadText(row.opsPerSecond, whole),
    spreadText(row.p50Us, whole),
    spreadText(row.p99Us, whole),
    row.ratio === undefined ? '' : spreadText(row.ratio, times),
    whole(row.serverCpuUs),
    remark(row),
  ]);
  const header = ['', 'operations/s', 'p50 µs', 'p99 µs', 'Causeway / it', 'server CPU µs/op', ''];
  return `### ${capitalized(caseName(measured))}\n\n${table(header, cells)}`;
}

function remark({ generatorCpu, refused, rounds }: CaseRow): string {
  const remarks = [
    generatorCpu >= GENERATOR_BOUND ? `load generator at ${Math.round(generatorCpu * 100)} %` : '',
    refused > 0 ? `${refused} refused` : '',
    rounds === 1 ? 'one round' : '',
  ];
  return remarks.filter((text) => text !== '').join(', ');
}

function renderTargets(targets: readonly TargetResult[]): string {
  const verdict = { true: 'met', false: 'not met', undefined: 'not measured' } as const;
  const rows = targets.map(({ what, peer, metric, atLeast, ratio, floor, met }) => [
    what,
    `${metric} against ${peer}`,
    times(atLeast),
    ratio === undefined ? '' : spreadText(ratio, times),
    verdict[`${met}`],
    floor === undefined ? '' : spreadText(floor, times),
  ]);
  return `### Targets\n\n${table(['', '', 'wanted', 'reached', '', `${FLOOR} reaches`], rows)}`;
}

function failureLine({ system, round, reason, operation, clients, placement }: Failure): string {
  const known = operation !== undefined && clients !== undefined && placement !== undefined;
  const where = known ? caseName({ operation, clients, placement }) : 'the whole round';
  return `${system}, round ${round}, ${where}: ${reason}`;
}

/** The median, and in brackets the extremes. */
function spreadText({ median, min, max }: Spread, show: (value: number) => string): string {
  return `${show(median)} (${show(min)}–${show(max)})`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function times(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)}×`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  };
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
