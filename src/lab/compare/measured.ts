/** One request of a comparison: the operation of the history that it is, and what was measured about it. */
import { historyLine } from '../../check/history/line.js';
import type { RegisterRecord } from '../../check/history/record.js';

export type Purpose = 'read' | 'write' | 'update' | 'claim' | 'talk';

export interface Measured {
  readonly record: RegisterRecord;
  /** When it should have been sent, on the history's clock: what a client waits for counts from then. */
  readonly intended: number;
  readonly purpose: Purpose;
  /** The HTTP status; 0 without an answer. */
  readonly code: number;
  /** Of a read: how many versions there were beside the one that was shown. */
  readonly conflicts?: number;
  /** Of the write of an update: the value that the client had read; `null` if there was none. */
  readonly basedOn?: string | null;
}

/** What became of a request: a condition that does not hold is an answer, and a refusal is none. */
export type Fate = 'ok' | 'refused' | 'unknown';

const PRECONDITION_FAILED = 412;

export function fateOf({ record, code }: Measured): Fate {
  if (record.status === 'ok' || code === PRECONDITION_FAILED) return 'ok';
  return record.status === 'fail' ? 'refused' : 'unknown';
}

export function isRead({ record }: Measured): boolean {
  return record.op === 'read';
}

/** How long its client waited, in ms; `undefined` unless it was served. */
export function latencyMs(measured: Measured): number | undefined {
  const { record, intended } = measured;
  if (fateOf(measured) !== 'ok' || record.complete === null) return undefined;
  return (record.complete - intended) / NS_PER_MS;
}

export const NS_PER_MS = 1_000_000;

/** A line of `history.jsonl`: checkers ignore the members that are added here. */
export function measuredLine({ record, ...measured }: Measured): string {
  return JSON.stringify({ ...(JSON.parse(historyLine(record)) as object), ...measured });
}
