/** From what was recorded to results: figures, anomalies, verdicts on the promises. */
import type { HistoryRecord, Level } from '../../check/history/record.js';
import { type Judgement, judge, type Model } from '../../check/judge.js';
import type { Violation } from '../../check/verdict.js';
import { regionOf, wanPreset } from '../wan/presets.js';
import { anomaliesAt, type LevelAnomalies } from './anomalies.js';
import { type Assertion, evaluate } from './assertion.js';
import { cellOf, type Judged, requestsOf } from './cells.js';
import { isRead, type Measured } from './measured.js';
import { round } from './percentiles.js';
import { LEVELS, type Plan } from './plan.js';
import {
  type Cell,
  type Environment,
  FORMAT,
  type PhaseRun,
  type PromiseVerdict,
  type Results,
  type Visibility,
} from './results.js';
import type { Recorded } from './run.js';
import { WriteHistory } from './staleness.js';

export interface Told {
  readonly plan: Plan;
  readonly startedAt: string;
  readonly command: string;
  readonly environment: Environment;
  readonly assertions: readonly Assertion[];
  readonly replicas: readonly string[];
}

/** The first anomaly that clients met at a level. */
export interface Specimen {
  readonly level: Level;
  readonly violation: Violation;
}

export interface Summary {
  readonly results: Results;
  readonly specimen: Specimen | undefined;
}

/** Promises that a comparison puts to the test; the others have no operations in it. */
const MODELS: readonly Model[] = ['linearizable', 'causal', 'session', 'convergence'];

/** Of one phase, by what is known when it ends. */
export function cellsOf(phase: PhaseRun, measured: readonly Measured[]): readonly Cell[] {
  return phaseCells(measured, phase, judgedOf(measured));
}

export function summarise(recorded: Recorded, told: Told): Summary {
  const { recorder, phases } = recorded;
  const { measured } = recorder;
  const judged = judgedOf(measured);
  const cells = phases.flatMap((phase) => phaseCells(measured, phase, judged));
  const results: Results = {
    format: FORMAT,
    startedAt: told.startedAt,
    command: told.command,
    plan: told.plan,
    regions: regionsOf(told),
    environment: told.environment,
    requests: measured.length,
    clients: recorded.clients,
    phases: phases.map(rounded),
    cells,
    byReplica: phases.slice(0, 1).flatMap((phase) => replicaCells(measured, phase, judged, told.replicas)),
    visibility: phases.flatMap((phase) => visibilityIn(measured, phase, judged.writes)),
    promises: judge(recorder.records(), MODELS, { verdictsOnly: true }).map(promiseOf),
    siblings: siblingsOf(recorder.history.records),
    convergenceAtEndMs: recorded.convergenceAtEndMs === null ? null : round(recorded.convergenceAtEndMs),
    assertions: told.assertions.map((assertion) => evaluate(assertion, cells)),
  };
  return { results, specimen: specimenOf(judged.anomalies) };
}

/** Whether every promise held, as far as is known, and every assertion. */
export function isKept({ promises, assertions }: Results): boolean {
  return promises.every(({ verdict }) => verdict !== 'violated') && assertions.every(({ holds }) => holds);
}

export function isDecided({ promises }: Results): boolean {
  return promises.every(({ verdict }) => verdict !== 'unknown');
}

function judgedOf(measured: readonly Measured[]): Judged {
  const anomalies = Object.fromEntries(LEVELS.map((level) => [level, anomaliesAt(level, measured)])) as Readonly<
    Record<Level, LevelAnomalies>
  >;
  return { writes: new WriteHistory(measured), anomalies };
}

function phaseCells(measured: readonly Measured[], phase: PhaseRun, judged: Judged): readonly Cell[] {
  return phase.sides.flatMap((side) =>
    LEVELS.map((level) => cellOf(requestsOf(measured, level, phase, side), level, phase, side, judged)),
  );
}

function replicaCells(
  measured: readonly Measured[],
  phase: PhaseRun,
  judged: Judged,
  replicas: readonly string[],
): readonly Cell[] {
  const sides = replicas.map((id) => ({ name: id, replicas: [id] }));
  return phaseCells(measured, { ...phase, sides }, judged);
}

function visibilityIn(measured: readonly Measured[], phase: PhaseRun, writes: WriteHistory): readonly Visibility[] {
  const everybody = { name: 'all', replicas: phase.sides.flatMap(({ replicas }) => replicas) };
  return LEVELS.map((level) => {
    const reads = requestsOf(measured, level, phase, everybody).filter(
      (each) => isRead(each) && each.purpose !== 'talk',
    );
    return { level, phase: phase.name, points: writes.visibilityOf(reads) };
  });
}

function promiseOf({ model, verdict }: Judgement): PromiseVerdict {
  const { kind, judged } = verdict;
  switch (verdict.kind) {
    case 'ok':
      return { model, verdict: kind, judged, detail: '' };
    case 'violated':
      return { model, verdict: kind, judged, detail: `${verdict.found} found: ${verdict.violations[0]?.sentence}` };
    case 'unknown':
      return { model, verdict: kind, judged, detail: verdict.reason };
  }
}

/** What is to be shown of the level that promises least, as far as it went wrong. */
function specimenOf(anomalies: Readonly<Record<Level, LevelAnomalies>>): Specimen | undefined {
  for (const level of LEVELS) {
    const { first } = anomalies[level];
    if (first !== undefined) return { level, violation: first };
  }
  return undefined;
}

function siblingsOf(records: readonly HistoryRecord[]): Results['siblings'] {
  const finals = records.filter((record) => record.op === 'final');
  const keys = new Set(finals.map(({ key }) => key));
  const split = new Set(finals.filter(({ outputs = [] }) => outputs.length > 1).map(({ key }) => key));
  return { keys: keys.size, withSiblings: split.size };
}

function regionsOf({ plan, replicas }: Told): Results['regions'] {
  const preset = wanPreset(plan.wan);
  return replicas.map((replica, i) => ({
    replica,
    region: preset === undefined ? 'this machine' : regionOf(preset, i).name,
  }));
}

function rounded(phase: PhaseRun): PhaseRun {
  const { startMs, endMs, nextMs, convergenceMs } = phase;
  const after = typeof convergenceMs === 'number' ? { convergenceMs: round(convergenceMs) } : {};
  return { ...phase, startMs: round(startMs), endMs: round(endMs), nextMs: round(nextMs), ...after };
}
