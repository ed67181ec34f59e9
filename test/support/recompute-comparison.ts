/**
 * The figures of a comparison once more, from `history.jsonl` and the phases alone: another program, which shares no code
 * with the one that it checks, and takes the shortest way to each figure as docs/COMPARE.md defines it.
 */
import { readFileSync } from 'node:fs';

export interface Line {
  readonly op: string;
  readonly level: string;
  readonly replica?: string;
  readonly key: string;
  readonly value?: string;
  readonly output?: string | null;
  readonly invoke: number;
  readonly complete: number | null;
  readonly status: string;
  readonly intended: number;
  readonly purpose: string;
  readonly code: number;
  readonly conflicts?: number;
  readonly basedOn?: string | null;
}

interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly nextMs: number;
}

interface CellName {
  readonly level: string;
  readonly phase: string;
  readonly replicas: readonly string[];
}

export function readLines(file: string): readonly Line[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line).filter(({ op }) => op !== 'final');
}

/** Everything of a cell but what only a checker can tell. */
export function recomputeCell(lines: readonly Line[], phases: readonly Phase[], cell: CellName) {
  const phase = phases.find(({ name }) => name === cell.phase);
  if (phase === undefined) throw new RangeError(`no phase ${cell.phase}`);
  const ofLevel = lines.filter(({ level }) => level === cell.level);
  const here = ofLevel.filter(
    ({ replica, intended }) =>
      cell.replicas.includes(replica ?? '') && intended / 1e6 >= phase.startMs && intended / 1e6 < phase.nextMs,
  );
  const asked = here.filter(({ purpose }) => purpose !== 'talk');
  const reads = asked.filter(({ op }) => op === 'read');
  const ages = reads.filter(({ status }) => status === 'ok').map((read) => ageOf(read, ofLevel));
  const seconds = (phase.endMs - phase.startMs) / 1_000;
  return {
    read: figures(reads, seconds),
    write: figures(
      asked.filter(({ op }) => op !== 'read'),
      seconds,
    ),
    staleness: {
      reads: ages.length,
      stale: ages.filter(({ versions }) => versions > 0).length,
      ms: percentiles(ages.map(({ ms }) => ms)),
      versions: percentiles(ages.map(({ versions }) => versions)),
    },
    lostUpdates: here.filter((line) => isSecond(line, ofLevel, 'update', baseOf)).length,
    duplicateClaims: here.filter((line) => isSecond(line, ofLevel, 'claim', ({ key }) => key)).length,
    readsWithConflicts: reads.filter(({ conflicts = 0 }) => conflicts > 0).length,
  };
}

export function recomputeVisibility(lines: readonly Line[], phase: Phase, level: string, from: readonly number[]) {
  const points = from.map((fromMs) => ({ fromMs, reads: 0, saw: 0 }));
  const ofLevel = lines.filter((line) => line.level === level);
  const written = ofLevel.filter(({ op, status }) => op !== 'read' && status === 'ok');
  for (const read of ofLevel) {
    const atMs = read.intended / 1e6;
    if (read.op !== 'read' || read.status !== 'ok' || read.purpose === 'talk') continue;
    if (atMs < phase.startMs || atMs >= phase.nextMs) continue;
    const before = written.filter(({ key, complete }) => key === read.key && (complete ?? 0) < read.invoke);
    const last = before.sort((a, b) => (b.complete ?? 0) - (a.complete ?? 0))[0];
    if (last === undefined || last.replica === read.replica) continue;
    const sinceMs = (read.invoke - (last.complete ?? 0)) / 1e6;
    const point = points.filter(({ fromMs }) => fromMs <= sinceMs).at(-1);
    const shown = ofLevel.find(({ op, value, key }) => op !== 'read' && key === read.key && value === read.output);
    if (point === undefined) continue;
    point.reads += 1;
    const shownAt = shown?.status === 'ok' ? (shown.complete ?? 0) : Number.POSITIVE_INFINITY;
    if (shown !== undefined && shownAt > last.invoke) point.saw += 1;
  }
  return points;
}

function figures(lines: readonly Line[], seconds: number) {
  const served = lines.filter(({ status, code }) => status === 'ok' || code === 412);
  const refused = lines.filter(({ status, code }) => status === 'fail' && code !== 412).length;
  return {
    ok: served.length,
    refused,
    unknown: lines.length - served.length - refused,
    okPerSecond: rounded(served.length / seconds),
    latencyMs: percentiles(served.map(({ complete, intended }) => ((complete ?? 0) - intended) / 1e6)),
  };
}

function ageOf(read: Line, ofLevel: readonly Line[]): { ms: number; versions: number } {
  const writes = ofLevel.filter(({ op, status, key }) => op !== 'read' && key === read.key && status !== 'fail');
  const shown = writes.find(({ value }) => value === read.output);
  const shownAt = shown === undefined ? -1 : shown.status === 'ok' ? (shown.complete ?? 0) : Number.POSITIVE_INFINITY;
  const newer = writes.filter(
    ({ status, invoke, complete }) => status === 'ok' && invoke > shownAt && (complete ?? 0) < read.invoke,
  );
  const since = Math.min(read.invoke, ...newer.map(({ complete }) => complete ?? 0));
  return { ms: (read.invoke - since) / 1e6, versions: newer.length };
}

/** An acknowledged write that shares with an earlier one what only one may have. */
function isSecond(
  line: Line,
  ofLevel: readonly Line[],
  purpose: string,
  shared: (line: Line) => string | undefined,
): boolean {
  const isOne = (each: Line): boolean => each.op !== 'read' && each.status === 'ok' && each.purpose === purpose;
  const mine = shared(line);
  if (!isOne(line) || mine === undefined) return false;
  return ofLevel.some((other) => isOne(other) && shared(other) === mine && other.invoke < line.invoke);
}

function baseOf({ basedOn, key }: Line): string | undefined {
  return basedOn === undefined ? undefined : JSON.stringify([basedOn, basedOn === null ? key : '']);
}

function percentiles(values: readonly number[]) {
  if (values.length === 0) return null;
  const inOrder = [...values].sort((a, b) => a - b);
  const rank = (percent: number): number => rounded(inOrder[Math.ceil((percent / 100) * inOrder.length) - 1] ?? 0);
  return {
    count: inOrder.length,
    p50: rank(50),
    p90: rank(90),
    p99: rank(99),
    p999: rank(99.9),
    max: rounded(inOrder.at(-1) ?? 0),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
