/**
 * The causal order of a history: the order of each session, the tokens that were carried, and who read from whom, all
 * together and closed transitively (M. Ahamad et al., "Causal memory", 1995; the name of it is CO in what follows).
 */
import { type Edge, Graph } from './graph.js';
import type { CausalOperation, Shown } from './operation.js';
import { sessionsOf, tiesOf } from './session-order.js';
import { NOTHING, SourceIndex } from './sources.js';

/** One value that somebody was shown, and where it may come from. */
export interface Reading {
  readonly reader: number;
  readonly shown: Shown;
  /** Nodes, or NOTHING. */
  readonly candidates: readonly number[];
  /** There were more candidates than are listed. */
  readonly isOpen: boolean;
  /** It was listed beside the value that was shown. */
  readonly isSibling: boolean;
}

export interface CausalOrder {
  /** Operation `i` is node `i`; further nodes stand for what a session or a token knows. */
  readonly operations: readonly CausalOperation[];
  readonly sessions: readonly (string | undefined)[];
  readonly graph: Graph;
  /** What operations at `causal` and above were shown. */
  readonly readings: readonly Reading[];
  /** What was shown and cannot have been written. */
  readonly thinAir: readonly { readonly reader: number; readonly shown: Shown }[];
}

export function causalOrderOf(operations: readonly CausalOperation[], extra: readonly Edge[] = []): CausalOrder {
  const sessions = sessionsOf(operations);
  const { extraNodes, edges } = tiesOf(operations, sessions);
  const sources = new SourceIndex(operations);
  const readsFrom: Edge[] = [];
  const readings: Reading[] = [];
  const thinAir: { reader: number; shown: Shown }[] = [];
  operations.forEach(({ reads, siblings, isJudged }, reader) => {
    for (const shown of [...reads, ...siblings]) {
      const found = sources.of(reader, shown);
      if (found.kind === 'thin-air') {
        thinAir.push({ reader, shown });
        continue;
      }
      const [only] = found.nodes;
      const isSibling = !reads.includes(shown);
      const isKnown = found.nodes.length === 1 && only !== undefined && only !== NOTHING;
      if (isKnown && !isSibling) readsFrom.push({ from: only, to: reader });
      if (isJudged) readings.push({ reader, shown, candidates: found.nodes, isOpen: found.kind === 'many', isSibling });
    }
  });
  const graph = new Graph(operations.length + extraNodes, [...edges, ...readsFrom, ...extra]);
  return { operations, sessions, graph, readings, thinAir };
}
