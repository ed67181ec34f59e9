/** A whole comparison, short: its promises hold, and every figure is what another program makes of the history. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell, Results } from '../../../src/lab/compare/results.js';
import { type Line, readLines, recomputeCell, recomputeVisibility } from '../../support/recompute-comparison.js';
import { type Finished, run } from '../lab/command.js';

/** Half a microsecond, in ms. */
const ROUNDED = 0.0005;
const NOTHING = { staleReads: 0, causalViolations: 0, lostUpdates: 0, duplicateClaims: 0 };
const ASSERTIONS = ['linearizable@partition/minority.write.ok=0', 'causal.causalViolations=0'];

let folder: string;
let finished: Finished;
let results: Results;
let lines: readonly Line[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-compare-'));
  const flags = ['--quick', '--phase', '3s', '--rate', '10', '--wan', 'europe', '--timeout', '1s', '-o', 'json'];
  const asserted = ASSERTIONS.flatMap((text) => ['--assert', text]);
  finished = await run(['compare', ...flags, ...asserted, '--out', folder]);
  results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
  lines = readLines(join(folder, 'history.jsonl'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a short comparison', () => {
  it('keeps every promise and says so in its exit code', () => {
    expect(finished.exit, finished.errors).toBe(0);
    expect(results.promises.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(results.assertions.map(({ holds }) => holds)).toEqual([true, true]);
    expect(JSON.parse(finished.output)).toEqual(results);
  });

  it('serves the weaker levels on both sides of a partition, and linearizable where the majority is', () => {
    const served = results.cells.filter(({ phase }) => phase === 'partition');
    const of = (level: string, side: string): Cell | undefined =>
      served.find((cell) => cell.level === level && cell.side === side);
    for (const level of ['eventual', 'causal']) {
      for (const side of ['minority', 'majority']) {
        expect(of(level, side)?.read.ok, `${level} ${side}`).toBeGreaterThan(0);
        expect(of(level, side)?.read.refused, `${level} ${side}`).toBe(0);
        expect(of(level, side)?.write.refused, `${level} ${side}`).toBe(0);
      }
    }
    expect(of('linearizable', 'majority')?.write.ok).toBeGreaterThan(0);
    expect(of('linearizable', 'minority')?.write.ok).toBe(0);
    expect(of('linearizable', 'minority')?.read.ok).toBe(0);
  });

  it('shows no linearizable read what is older than an acknowledged write', () => {
    for (const { level, anomalies } of results.cells) if (level === 'linearizable') expect(anomalies).toEqual(NOTHING);
    for (const { level, points } of results.visibility) {
      if (level === 'linearizable') for (const { reads, saw } of points) expect(saw).toBe(reads);
    }
  });

  it('has the figures that another program makes of its history', () => {
    expect(lines).toHaveLength(results.requests);
    for (const cell of [...results.cells, ...results.byReplica]) {
      const { read, write, staleness, anomalies, readsWithConflicts } = cell;
      const { lostUpdates, duplicateClaims } = anomalies;
      const where = `${cell.phase} ${cell.side} ${cell.level}`;
      expect(anomalies.staleReads, where).toBe(staleness.stale);
      expect({ read, write, staleness, lostUpdates, duplicateClaims, readsWithConflicts }, where).toEqual(
        withPrecision(recomputeCell(lines, results.phases, cell)),
      );
    }
    for (const { level, phase: name, points } of results.visibility) {
      const phase = results.phases.find((each) => each.name === name);
      if (phase === undefined) throw new RangeError(name);
      const from = points.map(({ fromMs }) => fromMs);
      expect(recomputeVisibility(lines, phase, level, from), `${name} ${level}`).toEqual(points);
    }
  });

  it('shows the same figures in its report, which fetches nothing', () => {
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).not.toMatch(/\s(?:src|href)=|url\((?!#)|@import/);
    expect(page).toContain("default-src 'none'");
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(2);
    for (const script of scripts)
      expect(page).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    for (const cell of results.cells) {
      const { read } = recomputeCell(lines, results.phases, cell);
      const asked = read.ok + read.refused + read.unknown;
      const start = page.indexOf(`<h3>${cell.phase}</h3>`);
      const row = `<td class="">${cell.side}</td><td class="${cell.level}">${cell.level}</td><td class="">read</td>`;
      const at = page.indexOf(row, start);
      const shown = page.slice(at + row.length, page.indexOf('</tr>', at)).match(/(?<=>)[^<]*(?=<\/td>)/g) ?? [];
      expect([shown[0], shown[2], shown[3]]).toEqual([
        read.okPerSecond.toFixed(1),
        String(read.refused),
        String(read.unknown),
      ]);
      expect(asked === 0 ? Number.NaN : (read.ok / asked) * 100).toBeCloseTo(Number.parseFloat(shown[1] ?? ''), 0);
      expect(Number.parseFloat(shown[4] ?? '')).toSatisfy((p50: number) =>
        read.latencyMs === null ? Number.isNaN(p50) : isShown(shown[4] ?? '', read.latencyMs.p50),
      );
    }
  });
});

/** Three significant digits, as `12.3 ms` or `1.23 s`. */
function isShown(text: string, ms: number): boolean {
  const [number = '', unit] = text.split(' ');
  const value = Number(number) * (unit === 's' ? 1_000 : 1);
  return Math.abs(value - ms) <= Math.max(0.005, ms * 0.006);
}

/** Exact figures as what a histogram may make of them: percentiles are not smaller, and greater by a thousandth at most. */
function withPrecision(exact: object): unknown {
  return JSON.parse(JSON.stringify(exact), (name, value: unknown) => {
    if (typeof value !== 'number' || !/^p\d+$/.test(name)) return value;
    return expect.toSatisfy((found: number) => found >= value - ROUNDED && found <= value * 1.001 + ROUNDED);
  });
}
