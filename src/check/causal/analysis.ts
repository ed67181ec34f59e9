/** Everything that the bad patterns of causal consistency say of one history. */
import type { HistoryRecord } from '../history/record.js';
import type { Edge } from './graph.js';
import { type CausalOperation, causalOperations } from './operation.js';
import { type CausalOrder, causalOrderOf } from './order.js';
import { reachBlocks, writeCells } from './reach.js';
import { type StaleRead, StaleReads } from './stale.js';
import { Conflicts, causalMemory, type Finding } from './stronger.js';

export interface CausalAnalysis {
  readonly order: CausalOrder;
  /** Each after those before it; `undefined` if there is a cycle. */
  readonly sorted: Int32Array | undefined;
  /** CyclicCO: nodes that each come before the next, and the last before the first. */
  readonly cycle: readonly number[] | undefined;
  /** By the time their readers were answered. Empty if there is a cycle, because then all is before all. */
  readonly stale: readonly StaleRead[];
  /** Reads of values that were written too often for a judgement. */
  readonly undecided: number;
  /** The history was too large to be judged: nothing but thin air and cycles was looked for. */
  readonly isTooLarge: boolean;
  /** Pairs of writes of which the first lost against the second, as far as anybody was shown. */
  readonly conflicts: readonly Edge[];
}

/** Words of 32 bits to be carried along edges: about a minute of one processor. */
const MAX_WORK = 20_000_000_000;

/** How the order in which sessions and readers saw things lies in the history. */
export function analyseCausality(records: readonly HistoryRecord[], maxWork = MAX_WORK): CausalAnalysis {
  return analyseOperations(causalOperations(records.filter(({ op }) => op !== 'final')), [], maxWork);
}

/** `extra` edges are part of the causal order, between operations by their positions. */
export function analyseOperations(
  operations: readonly CausalOperation[],
  extra: readonly Edge[],
  maxWork = MAX_WORK,
): CausalAnalysis {
  const order = causalOrderOf(operations, extra);
  const sorted = order.graph.topologicalOrder();
  const nothing = { order, sorted, cycle: undefined, stale: [], undecided: 0, isTooLarge: false, conflicts: [] };
  if (sorted === undefined) return { ...nothing, cycle: order.graph.cycle() };
  const cells = writeCells(operations, sorted);
  if ((order.graph.edges.length * cells.length) / 16 > maxWork) return { ...nothing, isTooLarge: true };
  const [reads, conflicts] = [new StaleReads(order.readings), new Conflicts(order.readings)];
  for (const block of reachBlocks(order.graph, sorted, cells)) {
    reads.look(block);
    conflicts.look(block);
  }
  const stale = byAnswer(order, reads.found());
  return { ...nothing, stale, undecided: reads.undecided(), conflicts: conflicts.edges };
}

/** Whether the history is causally convergent (CCv) and causal memory (CM): reported, not promised. */
export function strongerModels({ order, sorted, stale, isTooLarge, conflicts }: CausalAnalysis): {
  readonly convergence: Finding;
  readonly memory: Finding;
} {
  if (sorted === undefined || stale.length > 0 || order.thinAir.length > 0) {
    return { convergence: 'broken', memory: 'broken' };
  }
  if (isTooLarge) return { convergence: 'unknown', memory: 'unknown' };
  const isConvergent = order.graph.with(conflicts).topologicalOrder() !== undefined;
  return { convergence: isConvergent ? 'holds' : 'broken', memory: causalMemory(order, sorted) };
}

function byAnswer({ operations }: CausalOrder, stale: readonly StaleRead[]): readonly StaleRead[] {
  const answered = ({ reading }: StaleRead): number =>
    operations[reading.reader]?.record.complete ?? Number.POSITIVE_INFINITY;
  return [...stale].sort((a, b) => answered(a) - answered(b));
}
