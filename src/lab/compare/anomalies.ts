/**
 * What clients met that a single copy would never do. The same standard for every level: requests at `eventual` are judged as
 * if they had promised what `causal` does, so that the difference shows.
 */
import { analyseCausality } from '../../check/causal/analysis.js';
import { checkCausalConsistency } from '../../check/causal-consistency.js';
import type { HistoryRecord, Level } from '../../check/history/record.js';
import type { Violation } from '../../check/verdict.js';
import type { Measured } from './measured.js';

export interface LevelAnomalies {
  /** Reads that are stale causally. */
  readonly causal: ReadonlySet<HistoryRecord>;
  /** The first of them with its proof. */
  readonly first: Violation | undefined;
  readonly lostUpdates: ReadonlySet<HistoryRecord>;
  readonly duplicateClaims: ReadonlySet<HistoryRecord>;
}

export function anomaliesAt(level: Level, all: readonly Measured[]): LevelAnomalies {
  const measured = all.filter(({ record }) => record.level === level);
  const origins = new Map<HistoryRecord, HistoryRecord>();
  const held = measured.map(({ record }) => {
    const copy = heldToCausality(record);
    origins.set(copy, record);
    return copy;
  });
  const analysis = analyseCausality(held);
  const verdict = checkCausalConsistency(held, analysis);
  const readers = analysis.stale.flatMap(({ reading }) => {
    const operation = analysis.order.operations[reading.reader];
    return operation === undefined ? [] : [origins.get(operation.record) ?? operation.record];
  });
  return {
    causal: new Set(readers),
    first: verdict.kind === 'violated' ? verdict.violations[0] : undefined,
    lostUpdates: laterOfEqual(measured, (each) => (each.purpose === 'update' ? baseOf(each) : undefined)),
    duplicateClaims: laterOfEqual(measured, ({ purpose, record }) =>
      purpose === 'claim' && record.op !== 'txn' ? record.key : undefined,
    ),
  };
}

/** Without a session of its own, a client is one all the same: it did one thing after the other. */
function heldToCausality(record: Measured['record']): HistoryRecord {
  if (record.level !== 'eventual') return { ...record };
  return { ...record, level: 'causal', session: `process ${record.process}` };
}

function baseOf({ record, basedOn }: Measured): string | undefined {
  if (basedOn === undefined || record.op === 'txn') return undefined;
  // Nothing is no version: each key has a nothing of its own.
  return basedOn === null ? `nothing at ${record.key}` : basedOn;
}

/** Acknowledged writes that share something with an earlier acknowledged one which only one may have. */
function laterOfEqual(
  measured: readonly Measured[],
  shared: (each: Measured) => string | undefined,
): ReadonlySet<HistoryRecord> {
  const seen = new Set<string>();
  const later = new Set<HistoryRecord>();
  for (const each of [...measured].sort((a, b) => a.record.invoke - b.record.invoke)) {
    if (each.record.op === 'read' || each.record.status !== 'ok') continue;
    const what = shared(each);
    if (what === undefined) continue;
    if (seen.has(what)) later.add(each.record);
    seen.add(what);
  }
  return later;
}
