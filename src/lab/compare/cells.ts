/** From single requests to the figures of a level, a phase and a side. */
import type { HistoryRecord, Level } from '../../check/history/record.js';
import type { LevelAnomalies } from './anomalies.js';
import { fateOf, isRead, latencyMs, type Measured, NS_PER_MS } from './measured.js';
import { percentilesOf, round } from './percentiles.js';
import type { Cell, PhaseRun, RequestFigures, StalenessFigures } from './results.js';
import type { WriteHistory } from './staleness.js';
import type { Side } from './troubles.js';

export interface Judged {
  readonly writes: WriteHistory;
  readonly anomalies: Readonly<Record<Level, LevelAnomalies>>;
}

/** Requests whose clients meant to begin in the phase, at replicas of the side. */
export function requestsOf(
  measured: readonly Measured[],
  level: Level,
  phase: PhaseRun,
  side: Side,
): readonly Measured[] {
  return measured.filter(({ record, intended }) => {
    const atMs = intended / NS_PER_MS;
    const isThere = record.replica !== undefined && side.replicas.includes(record.replica);
    return record.level === level && isThere && atMs >= phase.startMs && atMs < phase.nextMs;
  });
}

export function cellOf(requests: readonly Measured[], level: Level, phase: PhaseRun, side: Side, judged: Judged): Cell {
  const seconds = (phase.endMs - phase.startMs) / 1_000;
  const load = requests.filter(({ purpose }) => purpose !== 'talk');
  const reads = load.filter(isRead);
  const staleness = stalenessOf(reads, judged.writes);
  const { causal, lostUpdates, duplicateClaims } = judged.anomalies[level];
  const count = (found: ReadonlySet<HistoryRecord>): number =>
    requests.filter(({ record }) => found.has(record)).length;
  return {
    level,
    phase: phase.name,
    side: side.name,
    replicas: side.replicas,
    read: figuresOf(reads, seconds),
    write: figuresOf(
      load.filter((each) => !isRead(each)),
      seconds,
    ),
    staleness,
    anomalies: {
      staleReads: staleness.stale,
      causalViolations: count(causal),
      lostUpdates: count(lostUpdates),
      duplicateClaims: count(duplicateClaims),
    },
    readsWithConflicts: reads.filter(({ conflicts }) => conflicts !== undefined).length,
  };
}

function figuresOf(requests: readonly Measured[], seconds: number): RequestFigures {
  const fates = { ok: 0, refused: 0, unknown: 0 };
  for (const each of requests) fates[fateOf(each)] += 1;
  const latencies = requests.flatMap((each) => latencyMs(each) ?? []);
  return { ...fates, okPerSecond: round(fates.ok / seconds), latencyMs: percentilesOf(latencies) ?? null };
}

function stalenessOf(reads: readonly Measured[], writes: WriteHistory): StalenessFigures {
  const ages = reads.filter(({ record }) => record.status === 'ok').map((read) => writes.ageOf(read));
  return {
    reads: ages.length,
    stale: ages.filter(({ versions }) => versions > 0).length,
    ms: percentilesOf(ages.map(({ ms }) => ms)) ?? null,
    versions:
      percentilesOf(
        ages.map(({ versions }) => versions),
        'versions',
      ) ?? null,
  };
}
