/** `causal.read.p99<5ms`: what a script wants to hold of a healthy cluster, or of a phase or side it names. */
import { CausewayError } from '../../base/errors.js';
import type { Level } from '../../check/history/record.js';
import type { Percentiles } from './percentiles.js';
import { LEVELS } from './plan.js';
import type { AssertionResult, Cell, RequestFigures } from './results.js';

export interface Assertion {
  readonly text: string;
  readonly level: Level;
  /** Spaces of a phase's or side's name are written as `-`; without one it is the first phase, and all its sides. */
  readonly phase: string | undefined;
  readonly side: string | undefined;
  readonly figure: Figure;
  readonly comparison: '<' | '<=' | '>' | '>=' | '=';
  readonly bound: number;
}

type Percentile = Exclude<keyof Percentiles, 'count'>;
type Figure =
  | { readonly kind: 'latency'; readonly of: 'read' | 'write'; readonly at: Percentile }
  | { readonly kind: 'count'; readonly of: 'read' | 'write'; readonly what: CountName }
  | { readonly kind: 'staleness'; readonly at: Percentile }
  | { readonly kind: 'anomaly'; readonly what: keyof Cell['anomalies'] };
type CountName = 'ok' | 'refused' | 'unknown' | 'okPerSecond';

const PERCENTILES: Readonly<Record<string, Percentile>> = {
  p50: 'p50',
  p90: 'p90',
  p99: 'p99',
  'p99.9': 'p999',
  p999: 'p999',
  max: 'max',
};
const COUNTS: readonly CountName[] = ['ok', 'refused', 'unknown', 'okPerSecond'];
const ANOMALIES: readonly (keyof Cell['anomalies'])[] = [
  'staleReads',
  'causalViolations',
  'lostUpdates',
  'duplicateClaims',
];
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };
const FORM = /^([a-z]+)(?:@([a-z-]+)(?:\/([a-z-]+))?)?\.([a-zA-Z0-9.]+?)(<=|>=|<|>|=)(\d+(?:\.\d+)?)(us|ms|s)?$/;

/** @throws CausewayError `invalid-config` that says what can be written. */
export function parseAssertion(text: string): Assertion {
  const match = FORM.exec(text.replace(/\s+/g, ''));
  const [, level, phase, side, name = '', comparison, bound, unit] = match ?? [];
  const figure = figureOf(name);
  if (!isLevel(level) || figure === undefined || !isComparison(comparison)) throw invalid(text);
  const isTime = figure.kind === 'latency' || figure.kind === 'staleness';
  if (isTime !== (unit !== undefined)) throw invalid(text);
  const scale = unit === undefined ? 1 : (UNIT_MS[unit] ?? 1);
  return { text, level, phase, side, figure, comparison, bound: Number(bound) * scale };
}

/** Every cell it is about has to hold; one that measured nothing does not. */
export function evaluate(assertion: Assertion, cells: readonly Cell[]): AssertionResult {
  const { text, level, phase = slug(cells[0]?.phase ?? ''), side } = assertion;
  const about = cells.filter(
    (cell) => cell.level === level && slug(cell.phase) === phase && (side === undefined || slug(cell.side) === side),
  );
  const measured = about.map((cell) => measure(assertion.figure, cell));
  const failed = measured.find((value) => value === null || !holds(assertion, value));
  if (failed !== undefined) return { text, holds: false, measured: failed };
  return { text, holds: measured.length > 0, measured: measured[0] ?? null };
}

function figureOf(name: string): Figure | undefined {
  const [of = '', ...rest] = name.split('.');
  const what = rest.join('.');
  const at = PERCENTILES[what];
  if (of === 'read' || of === 'write') {
    if (at !== undefined) return { kind: 'latency', of, at };
    const count = COUNTS.find((each) => each === what);
    return count === undefined ? undefined : { kind: 'count', of, what: count };
  }
  if (of === 'staleness') return at === undefined ? undefined : { kind: 'staleness', at };
  const anomaly = ANOMALIES.find((each) => each === name);
  return anomaly === undefined ? undefined : { kind: 'anomaly', what: anomaly };
}

function measure(figure: Figure, cell: Cell): number | null {
  switch (figure.kind) {
    case 'latency':
      return requests(cell, figure.of).latencyMs?.[figure.at] ?? null;
    case 'count':
      return requests(cell, figure.of)[figure.what];
    case 'staleness':
      return cell.staleness.ms?.[figure.at] ?? null;
    case 'anomaly':
      return cell.anomalies[figure.what];
  }
}

function requests(cell: Cell, of: 'read' | 'write'): RequestFigures {
  return of === 'read' ? cell.read : cell.write;
}

function holds({ comparison, bound }: Assertion, value: number): boolean {
  switch (comparison) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '=':
      return value === bound;
  }
}

function slug(name: string): string {
  return name.replaceAll(' ', '-');
}

function isLevel(text: string | undefined): text is Level {
  return LEVELS.some((level) => level === text);
}

function isComparison(text: string | undefined): text is Assertion['comparison'] {
  return text === '<' || text === '<=' || text === '>' || text === '>=' || text === '=';
}

function invalid(text: string): CausewayError {
  return new CausewayError(
    'invalid-config',
    `"${text}" is not an assertion: write LEVEL[@PHASE[/SIDE]].FIGURE and a bound, as in 'causal.read.p99<5ms', ` +
      "'linearizable@partition/majority.write.ok>0' or 'causal.causalViolations=0'",
  );
}
