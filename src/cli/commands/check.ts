/** `causeway check`: is a history what the levels promise? */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CausewayError } from '../../base/errors.js';
import { HistoryReader } from '../../check/history/reader.js';
import type { HistoryRecord } from '../../check/history/record.js';
import { type Judgement, judge, MODELS, type Model } from '../../check/judge.js';
import { reportStaleness, type StalenessReport } from '../../check/staleness.js';
import { timelinePage } from '../../check/timeline/page.js';
import type { Verdict, Violation } from '../../check/verdict.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface CheckOptions {
  readonly model: Model | 'all';
  readonly output?: 'table' | 'json';
  /** Where the timeline of a violated history goes; `false` = nowhere. */
  readonly html?: string | false;
}

interface Report {
  readonly file: string;
  readonly operations: number;
  readonly judgements: readonly Judgement[];
  readonly staleness: readonly StalenessReport[];
}

/** Violations that are told on the terminal; the timeline has more. */
const TOLD_MAX = 3;

export async function check(terminal: Terminal, file: string, options: CheckOptions): Promise<ExitCode> {
  const records = await readHistory(file);
  const judgements = judge(records, options.model === 'all' ? MODELS : [options.model]);
  const staleness = options.model === 'all' ? reportStaleness(records) : [];
  const report: Report = { file, operations: records.length, judgements, staleness };
  const html = await writeTimeline(terminal, report, options);
  if (options.output === 'json') terminal.out(`${JSON.stringify(documentOf(report, html))}\n`);
  else show(terminal, report, html);
  const kinds = judgements.map(({ verdict }) => verdict.kind);
  return kinds.includes('violated') ? EXIT.failed : kinds.includes('unknown') ? EXIT.usage : EXIT.ok;
}

async function readHistory(file: string): Promise<readonly HistoryRecord[]> {
  const reader = new HistoryReader(file);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const records: HistoryRecord[] = [];
  const take = (some: readonly HistoryRecord[]): void => {
    for (const record of some) records.push(record);
  };
  try {
    for await (const chunk of createReadStream(file))
      take(reader.push(decoder.decode(chunk as Uint8Array, { stream: true })));
    take(reader.push(decoder.decode()));
  } catch (error) {
    if (error instanceof CausewayError) throw error;
    if (error instanceof TypeError) throw new CausewayError('invalid-history', `${file} is not text in UTF-8`);
    throw new CausewayError('invalid-config', `${file} cannot be read: ${sentenceOf(error)}`);
  }
  take(reader.end());
  return records;
}

/** Where it was written; `undefined` if there was no need to. */
async function writeTimeline(terminal: Terminal, report: Report, { html }: CheckOptions): Promise<string | undefined> {
  const isViolated = report.judgements.some(({ verdict }) => verdict.kind === 'violated');
  if (html === false || (html === undefined && !isViolated)) return undefined;
  const target = html ?? `${report.file}.html`;
  const page = timelinePage({ ...report, title: basename(report.file) });
  try {
    await writeFile(target, page);
    return target;
  } catch (error) {
    const why = `${target} cannot be written: ${sentenceOf(error)}`;
    // A place that nobody asked for is no reason to fail.
    if (html !== undefined) throw new CausewayError('invalid-config', why);
    terminal.err(`${why}\n`);
    return undefined;
  }
}

function documentOf({ file, operations, judgements, staleness }: Report, html: string | undefined): object {
  const verdicts = judgements.map(({ model, verdict, notes }) => {
    const { kind, ...facts } = verdict;
    const told = verdict.kind === 'violated' ? { violations: verdict.violations.map(violationMembers) } : {};
    return { model, verdict: kind, ...facts, ...told, notes };
  });
  return { file, operations, verdicts, staleness, html: html ?? null };
}

function violationMembers({ rule, sentence, operations }: Violation): object {
  return { rule, sentence, lines: operations.map(({ line }) => line) };
}

function show(terminal: Terminal, { file, operations, judgements, staleness }: Report, html: string | undefined): void {
  const { green, red, yellow, bold } = terminal.colors;
  const color = { ok: green, violated: red, unknown: yellow };
  const rows = judgements.map(({ model, verdict, notes }) => [
    model,
    verdict.kind,
    String(verdict.judged),
    [detailOf(verdict), ...notes].filter((text) => text !== '').join('; '),
  ]);
  const lines = renderTable(['MODEL', 'VERDICT', 'OPERATIONS', 'DETAIL'], rows).split('\n');
  const kinds = [undefined, ...judgements.map(({ verdict }) => verdict.kind)];
  terminal.out(`${file}: ${operations} operations\n`);
  terminal.out(lines.map((line, i) => colored(line, kinds[i], color)).join('\n'));
  for (const { model, verdict } of judgements) {
    if (verdict.kind !== 'violated') continue;
    for (const { rule, sentence, operations: proof } of verdict.violations.slice(0, TOLD_MAX)) {
      const where = proof.flatMap(({ line }) => line ?? []).join(', ');
      terminal.out(`\n${red(bold(`${model}: ${rule}`))}\n  ${sentence}\n  lines ${where}\n`);
    }
  }
  if (staleness.length > 0) terminal.out(`\n${renderTable(STALENESS_TITLES, staleness.map(stalenessRow))}`);
  if (html !== undefined) terminal.err(`\nthe timeline is in ${html}\n`);
}

function colored(
  line: string,
  kind: Verdict['kind'] | undefined,
  color: Readonly<Record<Verdict['kind'], (text: string) => string>>,
): string {
  return kind === undefined ? line : line.replace(` ${kind} `, ` ${color[kind](kind)} `);
}

function detailOf(verdict: Verdict): string {
  if (verdict.kind === 'unknown') return verdict.reason;
  if (verdict.kind === 'violated') return `${verdict.found} found`;
  return verdict.judged === 0 ? 'nothing to judge' : '';
}

const STALENESS_TITLES = ['READS AT', 'READS', 'STALE', 'MEDIAN', 'P99', 'WORST', 'VERSIONS BEHIND'];

function stalenessRow({
  level,
  reads,
  stale,
  medianMs,
  p99Ms,
  maxMs,
  maxVersions,
}: StalenessReport): readonly string[] {
  const ms = (each: number): string => `${each.toFixed(1)} ms`;
  return [level, String(reads), String(stale), ms(medianMs), ms(p99Ms), ms(maxMs), String(maxVersions)];
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
