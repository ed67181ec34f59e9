/**
 * Promises P1 and P2: linearizable operations are linearizable key by key, weaker writes appear among them at one moment
 * after their invocation or never, and those that a majority acknowledged are observed or have lost arbitration.
 */
import { type HistoryRecord, isRegisterRecord } from './history/record.js';
import { footprintsOf } from './register/footprint.js';
import { type Partition, partitionsOf } from './register/partition.js';
import { search } from './register/search.js';
import { witnessOf } from './register/witness.js';
import { refute } from './register/zones.js';
import type { Verdict, Violation } from './verdict.js';

export interface LinearizabilityOptions {
  /** Configurations the search may look at, of all partitions together. */
  readonly maxSteps?: number;
}

/** Less than a minute of one processor. */
const MAX_STEPS = 1_000_000;

/**
 * Every partition is judged: a violation in one is found although another exhausts its share of the budget. Keys show
 * nothing before the history begins.
 */
export function checkLinearizability(
  records: readonly HistoryRecord[],
  { maxSteps = MAX_STEPS }: LinearizabilityOptions = {},
): Verdict {
  const partitions = partitionsOf(records.filter(isRegisterRecord).flatMap(footprintsOf));
  const judged = partitions.reduce((sum, { operations }) => sum + operations.length, 0);
  const violations: Violation[] = [];
  const undecided: Partition[] = [];
  let left = maxSteps;
  partitions.forEach((partition, i) => {
    // What one partition does not need is left to those behind it.
    const share = Math.floor(left / (partitions.length - i));
    const refuted = refute(partition);
    if (refuted !== undefined) {
      violations.push(refuted);
      return;
    }
    const result = search(partition, share);
    left -= Math.min(result.steps, share);
    if (result.kind === 'violated') violations.push(witnessOf(partition, share));
    if (result.kind === 'unknown') undecided.push(partition);
  });
  if (violations.length > 0) return { kind: 'violated', judged, violations, found: violations.length };
  const [first] = undecided;
  if (first === undefined) return { kind: 'ok', judged };
  return {
    kind: 'unknown',
    judged,
    reason:
      `${maxSteps} steps were not enough for ${undecided.length} of ${partitions.length} partitions, ` +
      `the first with key ${JSON.stringify(first.keys[0])} and ${first.operations.length} operations`,
  };
}
