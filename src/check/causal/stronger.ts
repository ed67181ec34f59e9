/**
 * Two models that are stronger than what is promised, for a report: causal convergence (CCv: everybody arbitrates between
 * concurrent writes in one global order) and causal memory (CM: each session could have arbitrated in an order of its own).
 * By their bad patterns CyclicCF, WriteHBInitRead and CyclicHB (A. Bouajjani et al., 2017, sections 3 and 5).
 */
import type { Edge, Graph } from './graph.js';
import type { CausalOrder, Reading } from './order.js';
import { type ReachBlock, reachBlocks, writeCells } from './reach.js';
import { NOTHING } from './sources.js';

/** `unknown`: too much to look at. */
export type Finding = 'holds' | 'broken' | 'unknown';

/** Writes that lost against one another, by what readers were shown who had both in their past. */
export class Conflicts {
  readonly edges: Edge[] = [];
  readonly #readers = new Map<string, Map<number, number[]>>();

  constructor(readings: readonly Reading[]) {
    for (const { reader, shown, candidates, isSibling } of readings) {
      const [only] = candidates;
      if (isSibling || only === undefined || only === NOTHING || candidates.length > 1) continue;
      const sources = this.#readers.get(shown.key) ?? new Map<number, number[]>();
      this.#readers.set(shown.key, sources);
      const readers = sources.get(only);
      if (readers === undefined) sources.set(only, [reader]);
      else readers.push(reader);
    }
  }

  /** To be called with every block. */
  look(block: ReachBlock): void {
    for (const key of block.keys()) {
      for (const [winner, readers] of this.#readers.get(key) ?? []) {
        for (const { node } of block.latestBeside(key, winner, readers)) this.edges.push({ from: node, to: winner });
      }
    }
  }
}

/** Nodes times writes that the search for CM may look at, over all its rounds, by the word. */
const CM_BUDGET = 500_000_000;

/** Causal memory, session by session: arbitration follows from what the session was shown, until nothing is added. */
export function causalMemory(order: CausalOrder, topological: Int32Array): Finding {
  const cells = writeCells(order.operations, topological);
  const costOfRound = order.graph.edges.length * (cells.length / 16 + 1);
  const sessions = [...readingsBySession(order).values()];
  // The first round of each can be foreseen.
  if (costOfRound * sessions.length > CM_BUDGET) return 'unknown';
  let budget = CM_BUDGET;
  for (const readings of sessions) {
    let graph: Graph = order.graph;
    let sorted: Int32Array | undefined = topological;
    for (;;) {
      budget -= costOfRound;
      if (budget < 0) return 'unknown';
      const round: Round = look(graph, sorted, order, readings);
      if (round.hasLostWrite) return 'broken';
      if (round.edges.length === 0) break;
      graph = graph.with(round.edges);
      sorted = graph.topologicalOrder();
      if (sorted === undefined) return 'broken';
    }
  }
  return 'holds';
}

interface Round {
  readonly edges: readonly Edge[];
  /** A read was shown nothing although a write came before it. */
  readonly hasLostWrite: boolean;
}

function look(graph: Graph, sorted: Int32Array, order: CausalOrder, readings: readonly Reading[]): Round {
  const conflicts = new Conflicts(readings);
  const ofNothing = readings.filter(
    ({ candidates, isSibling }) => !isSibling && candidates.every((c) => c === NOTHING),
  );
  for (const block of reachBlocks(graph, sorted, writeCells(order.operations, sorted))) {
    conflicts.look(block);
    const isLost = ({ shown, reader }: Reading): boolean => block.between(shown.key, undefined, reader) !== undefined;
    if (ofNothing.some(isLost)) return { edges: [], hasLostWrite: true };
  }
  return { edges: conflicts.edges, hasLostWrite: false };
}

function readingsBySession({ readings, sessions }: CausalOrder): ReadonlyMap<string, readonly Reading[]> {
  const found = new Map<string, Reading[]>();
  for (const reading of readings) {
    const session = sessions[reading.reader];
    if (session === undefined) continue;
    const others = found.get(session);
    if (others === undefined) found.set(session, [reading]);
    else others.push(reading);
  }
  return found;
}
