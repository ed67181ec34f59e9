/** What was seen in a phase, in sentences: the figures as they are, whatever was to be expected. */
import type { Level } from '../../../check/history/record.js';
import { type Served, servedOf, sumOf } from '../overview.js';
import { LEVELS } from '../plan.js';
import type { Cell, PhaseRun } from '../results.js';
import { duration, percent } from '../words.js';

export function seenIn({ kind }: PhaseRun, isFirst: boolean, cells: readonly Cell[]): readonly string[] {
  switch (kind) {
    case 'none':
      return isFirst
        ? [...waiting(cells), ...staleness(cells), ...conflicts(cells)]
        : [...service(cells), ...staleness(cells)];
    case 'slow-link':
      return [...causality(cells), ...service(cells)];
    case 'partition':
    case 'one-way':
      return [...service(cells), ...staleness(cells)];
  }
}

export function servedWords({ ok, asked }: Served): string {
  if (asked === 0) return 'nothing was asked';
  if (ok === asked) return `all ${asked} served`;
  return ok === 0 ? `all ${asked} refused` : `${ok} of ${asked} served`;
}

function waiting(cells: readonly Cell[]): readonly string[] {
  return (['read', 'write'] as const).map((kind) => {
    const times = LEVELS.map((level) => {
      const p50 = cells.find((cell) => cell.level === level)?.[kind].latencyMs?.p50;
      return `${p50 === undefined ? 'nothing was served' : duration(p50)} at ${level}`;
    });
    return `Half of the ${kind}s took no longer than ${listed(times)}.`;
  });
}

function staleness(cells: readonly Cell[]): readonly string[] {
  const shares = LEVELS.map((level) => {
    const found = cells.filter((cell) => cell.level === level).map((cell) => cell.staleness);
    const reads = found.reduce((sum, each) => sum + each.reads, 0);
    const stale = found.reduce((sum, each) => sum + each.stale, 0);
    const worst = Math.max(0, ...found.map(({ ms }) => ms?.max ?? 0));
    if (reads === 0) return `no reads at ${level}`;
    if (stale === 0) return `none at ${level}`;
    return `${percent(stale / reads)} at ${level} (the worst by ${duration(worst)})`;
  });
  return [`Stale reads: ${listed(shares)}.`];
}

function conflicts(cells: readonly Cell[]): readonly string[] {
  const counts = (what: 'lostUpdates' | 'duplicateClaims'): string =>
    listed(LEVELS.map((level) => `${anomaliesOf(cells, level)[what] || 'none'} at ${level}`));
  return [`Lost updates: ${counts('lostUpdates')}.`, `Names given twice: ${counts('duplicateClaims')}.`];
}

function causality(cells: readonly Cell[]): readonly string[] {
  const counts = LEVELS.map((level) => `${anomaliesOf(cells, level).causalViolations || 'none'} at ${level}`);
  const none = anomaliesOf(cells, 'eventual').causalViolations === 0;
  const luck = none ? ' (it takes a little luck to catch one; this time nobody did)' : '';
  return [`Effects seen before their causes: ${listed(counts)}${luck}.`];
}

/** Side by side, who was served. */
function service(cells: readonly Cell[]): readonly string[] {
  return LEVELS.map((level) => {
    const sides = cells.filter((cell) => cell.level === level);
    const words = sides.map(({ side, read, write }) => `${placeOf(side)}${servedWords(servedOf(read, write))}`);
    return `${level}: ${words.join('; ')}.`;
  });
}

function placeOf(side: string): string {
  return side === 'all' ? '' : `${side}: `;
}

function anomaliesOf(cells: readonly Cell[], level: Level): Cell['anomalies'] {
  return sumOf(cells.filter((cell) => cell.level === level).map(({ anomalies }) => anomalies));
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
