/**
 * What an operation was bound to know: everything that its session had been answered before it, and everything that the
 * token names which it carried. Both become edges of the causal order, over nodes in between, so that a session with
 * concurrent requests costs no more edges than one without.
 */
import type { HistoryRecord } from '../history/record.js';
import type { CausalOperation } from './operation.js';

export interface Ties {
  /** Nodes beyond those of the operations. */
  readonly extraNodes: number;
  readonly edges: readonly { readonly from: number; readonly to: number }[];
}

/** The session of each operation. If nobody names one, the processes are the sessions. */
export function sessionsOf(operations: readonly CausalOperation[]): readonly (string | undefined)[] {
  const isNamed = operations.some(({ record }) => record.session !== undefined && record.op !== 'final');
  return operations.map(({ record }) => (isNamed ? record.session : `process ${record.process}`));
}

/** Operation `i` is node `i`. */
export function tiesOf(operations: readonly CausalOperation[], sessions: readonly (string | undefined)[]): Ties {
  const ties = new TieMaker(operations.length);
  const members = new Map<string, number[]>();
  sessions.forEach((session, node) => {
    if (session === undefined || operations[node]?.record.op === 'final') return;
    const others = members.get(session);
    if (others === undefined) members.set(session, [node]);
    else others.push(node);
  });
  for (const nodes of members.values()) ties.tieSession(momentsOf(nodes, operations));
  operations.forEach(({ record }, node) => {
    ties.tieTokens(record, node);
  });
  return { extraNodes: ties.nodes - operations.length, edges: ties.edges };
}

/** Whether the operation was answered with a token that names what it saw and did. */
export function isAnswered({ status, op }: HistoryRecord): boolean {
  return status === 'ok' && op !== 'final';
}

interface Moment {
  readonly node: number;
  readonly at: number;
  /** Answers that were waited for come before questions of the same moment. */
  readonly rank: 0 | 1;
  readonly kind: 'invoke' | 'complete';
  /** The operation carries what its session knows: it is at `causal` or above. */
  readonly isBound: boolean;
}

function momentsOf(nodes: readonly number[], operations: readonly CausalOperation[]): readonly Moment[] {
  const moments = nodes.flatMap((node): Moment[] => {
    const { record } = operations[node] as CausalOperation;
    const { invoke, complete } = record;
    const isBound = record.level !== 'eventual';
    const begin: Moment = { node, at: invoke, rank: 1, kind: 'invoke', isBound };
    if (!isAnswered(record) || complete === null) return [begin];
    return [begin, { node, at: complete, rank: complete > invoke ? 0 : 1, kind: 'complete', isBound }];
  });
  return moments.sort((a, b) => a.at - b.at || a.rank - b.rank || a.node - b.node);
}

class TieMaker {
  readonly edges: { readonly from: number; readonly to: number }[] = [];
  nodes: number;
  readonly #tokens = new Map<string, number>();

  constructor(operations: number) {
    this.nodes = operations;
  }

  tieSession(moments: readonly Moment[]): void {
    /** Stands for what the session knows at this moment. */
    let known: number | undefined;
    const carried = new Map<number, number | undefined>();
    for (const { kind, node, isBound } of moments) {
      if (kind === 'invoke') {
        if (!isBound) continue;
        carried.set(node, known);
        if (known !== undefined) this.edges.push({ from: known, to: node });
      } else if (known === undefined || (carried.has(node) && carried.get(node) === known)) {
        // It knew all of that itself.
        known = node;
      } else {
        const both = this.nodes++;
        this.edges.push({ from: known, to: both }, { from: node, to: both });
        known = both;
      }
    }
  }

  /** An answer with the token of its request has added nothing to it. */
  tieTokens(record: HistoryRecord, node: number): void {
    const { tokenIn, tokenOut } = record;
    if (tokenOut !== undefined && tokenOut !== tokenIn && isAnswered(record)) {
      this.edges.push({ from: node, to: this.#nodeOf(tokenOut) });
    }
    if (tokenIn !== undefined && record.level !== 'eventual')
      this.edges.push({ from: this.#nodeOf(tokenIn), to: node });
  }

  #nodeOf(token: string): number {
    const known = this.#tokens.get(token);
    if (known !== undefined) return known;
    this.#tokens.set(token, this.nodes);
    return this.nodes++;
  }
}
