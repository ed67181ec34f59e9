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
  /** CyclicCO: nodes that each come before the next, and the last before the first. */
  readonly cycle: readonly number[] | undefined;
  /** By the time their readers were answered. Empty if there is a cycle, because then all is before all. */
  readonly stale: readonly StaleRead[];
  /** Reads of values that were written too often for a judgement. */
  readonly undecided: number;
  /** The history was too large to be judged: nothing but thin air and cycles was looked for. */
  readonly isTooLarge: boolean;
  /** Causal convergence, and causal memory: reported, not promised. */
  readonly convergence: Finding;
  readonly memory: Finding;
}

/** Words of 32 bits to be carried along edges: well under a minute of one processor. */
const MAX_WORK = 20_000_000_000;

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
  const nothing = { order, cycle: undefined, stale: [], undecided: 0, isTooLarge: false } as const;
  if (sorted === undefined) {
    return { ...nothing, cycle: order.graph.cycle(), convergence: 'broken', memory: 'broken' };
  }
  const cells = writeCells(operations, sorted);
  if ((order.graph.edges.length * cells.length) / 16 > maxWork) {
    return { ...nothing, isTooLarge: true, convergence: 'unknown', memory: 'unknown' };
  }
  const [reads, conflicts] = [new StaleReads(order.readings), new Conflicts(order.readings)];
  for (const block of reachBlocks(order.graph, sorted, cells)) {
    reads.look(block);
    conflicts.look(block);
  }
  const stale = byAnswer(order, reads.found());
  const isBroken = stale.length > 0 || order.thinAir.length > 0;
  const isConvergent = !isBroken && order.graph.with(conflicts.edges).topologicalOrder() !== undefined;
  return {
    ...nothing,
    stale,
    undecided: reads.undecided(),
    convergence: isConvergent ? 'holds' : 'broken',
    memory: isBroken ? 'broken' : causalMemory(order, sorted),
  };
}

function byAnswer({ operations }: CausalOrder, stale: readonly StaleRead[]): readonly StaleRead[] {
  const answered = ({ reading }: StaleRead): number =>
    operations[reading.reader]?.record.complete ?? Number.POSITIVE_INFINITY;
  return [...stale].sort((a, b) => answered(a) - answered(b));
}
