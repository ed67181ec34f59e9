/** `results.json`: what a comparison measured and judged. `docs/COMPARE.md` has the same words; change both. */
import type { Level } from '../../check/history/record.js';
import type { Model } from '../../check/judge.js';
import type { Percentiles } from './percentiles.js';
import type { Plan } from './plan.js';
import type { Side } from './troubles.js';

export const FORMAT = 'causeway-compare/1';

/** A phase as it happened. Times are ms on the clock of `history.jsonl`. */
export interface PhaseRun {
  readonly name: string;
  readonly kind: 'none' | 'slow-link' | 'partition' | 'one-way';
  readonly what: string;
  readonly startMs: number;
  /** Clients came until then. */
  readonly endMs: number;
  /** The next phase began: until then this one's last requests were answered. */
  readonly nextMs: number;
  readonly sides: readonly Side[];
  /** After a fault: until every replica had all that any had when it ended; `null` if that took too long. */
  readonly convergenceMs?: number | null;
}

/** Requests of one kind. Latencies are ms from the intended start to the answer, of those that were served. */
export interface RequestFigures {
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly okPerSecond: number;
  readonly latencyMs: Percentiles | null;
}

/** How old what was read was: 0 for a read that was not stale. */
export interface StalenessFigures {
  readonly reads: number;
  readonly stale: number;
  readonly ms: Percentiles | null;
  readonly versions: Percentiles | null;
}

export interface AnomalyFigures {
  /** Reads that missed a write that was acknowledged before they began. */
  readonly staleReads: number;
  /** Reads that contradict what their session, or whoever it heard from, had seen. */
  readonly causalViolations: number;
  /** Updates that were acknowledged although another had replaced what they were made from. */
  readonly lostUpdates: number;
  /** Names that a client was given although another had been given them. */
  readonly duplicateClaims: number;
}

/** One level in one phase on one side. */
export interface Cell {
  readonly level: Level;
  readonly phase: string;
  readonly side: string;
  readonly replicas: readonly string[];
  readonly read: RequestFigures;
  readonly write: RequestFigures;
  readonly staleness: StalenessFigures;
  readonly anomalies: AnomalyFigures;
  /** Reads that were told of concurrent versions. */
  readonly readsWithConflicts: number;
}

/** Of writes at one replica, how many reads at another began this long after the answer, and how many saw it or newer. */
export interface VisibilityPoint {
  /** From this many ms after the answer, up to the next point. */
  readonly fromMs: number;
  readonly reads: number;
  readonly saw: number;
}

export interface Visibility {
  readonly level: Level;
  readonly phase: string;
  readonly points: readonly VisibilityPoint[];
}

export interface PromiseVerdict {
  readonly model: Model;
  readonly verdict: 'ok' | 'violated' | 'unknown';
  readonly judged: number;
  /** What was found, or why it is not known. */
  readonly detail: string;
}

export interface AssertionResult {
  readonly text: string;
  readonly holds: boolean;
  /** What was measured; `null` if there was nothing to measure. */
  readonly measured: number | null;
}

export interface Environment {
  readonly causeway: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly broker: string;
  /** Runnable processes on average over the minute before, and at the end. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

export interface Results {
  readonly format: typeof FORMAT;
  readonly startedAt: string;
  /** The command that does the same again. */
  readonly command: string;
  readonly plan: Plan;
  readonly regions: readonly { readonly replica: string; readonly region: string }[];
  readonly environment: Environment;
  readonly requests: number;
  readonly clients: number;
  readonly phases: readonly PhaseRun[];
  readonly cells: readonly Cell[];
  /** The same of the healthy phase, replica by replica: distance matters. */
  readonly byReplica: readonly Cell[];
  readonly visibility: readonly Visibility[];
  readonly promises: readonly PromiseVerdict[];
  /** Keys that show concurrent versions at the end, of `keys`. */
  readonly siblings: { readonly keys: number; readonly withSiblings: number };
  readonly convergenceAtEndMs: number | null;
  readonly assertions: readonly AssertionResult[];
}
