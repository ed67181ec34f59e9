/** A comparison in a few lines: of each level what it cost when all was well, who was served when it was not, and what went wrong. */
import type { Level } from '../../check/history/record.js';
import { LEVELS } from './plan.js';
import type { AnomalyFigures, Cell, PhaseRun, RequestFigures } from './results.js';

export interface Served {
  readonly ok: number;
  readonly asked: number;
}

export interface LevelOverview {
  readonly level: Level;
  /** In the first phase, in ms; `null` if nothing was served. */
  readonly readMs: number | null;
  readonly writeMs: number | null;
  /** On either side of the first partition; absent if there was none. */
  readonly minority: Served | undefined;
  readonly majority: Served | undefined;
  /** In all phases. */
  readonly anomalies: AnomalyFigures;
}

export function overviewOf(phases: readonly PhaseRun[], cells: readonly Cell[]): readonly LevelOverview[] {
  const first = phases[0]?.name;
  const partition = phases.find(({ kind }) => kind === 'partition')?.name;
  return LEVELS.map((level) => {
    const ofLevel = cells.filter((cell) => cell.level === level);
    const healthy = ofLevel.find(({ phase }) => phase === first);
    const on = (name: string): Served | undefined => {
      const cell = ofLevel.find(({ phase, side }) => phase === partition && side === name);
      return cell === undefined ? undefined : servedOf(cell.read, cell.write);
    };
    return {
      level,
      readMs: healthy?.read.latencyMs?.p50 ?? null,
      writeMs: healthy?.write.latencyMs?.p50 ?? null,
      minority: on('minority'),
      majority: on('majority'),
      anomalies: sumOf(ofLevel.map(({ anomalies }) => anomalies)),
    };
  });
}

export function servedOf(...figures: readonly RequestFigures[]): Served {
  const ok = figures.reduce((sum, each) => sum + each.ok, 0);
  return { ok, asked: figures.reduce((sum, { refused, unknown }) => sum + refused + unknown, ok) };
}

export function sumOf(all: readonly AnomalyFigures[]): AnomalyFigures {
  const sum = (of: (each: AnomalyFigures) => number): number => all.reduce((total, each) => total + of(each), 0);
  return {
    staleReads: sum(({ staleReads }) => staleReads),
    causalViolations: sum(({ causalViolations }) => causalViolations),
    lostUpdates: sum(({ lostUpdates }) => lostUpdates),
    duplicateClaims: sum(({ duplicateClaims }) => duplicateClaims),
  };
}
