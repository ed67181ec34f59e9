/**
 * Who has which write in its past or future: bit sets that are carried along the causal order, for some hundred writes at a
 * time, so that memory stays small however long the history is. Time grows with edges times writes, by the word of 32 bits.
 */
import type { Graph, Neighbours } from './graph.js';
import type { CausalOperation } from './operation.js';

/** One write of one key. */
export interface WriteCell {
  readonly node: number;
  readonly key: string;
}

const BLOCK_CELLS = 1_024;
const WORD_BITS = 32;

/** Writes whose effect is known if they are in somebody's past; those of one key together, in causal order. */
export function writeCells(operations: readonly CausalOperation[], order: Int32Array): readonly WriteCell[] {
  const byKey = new Map<string, WriteCell[]>();
  for (const node of order) {
    const operation = operations[node];
    if (operation === undefined || !operation.isDefinite) continue;
    for (const { key } of operation.writes) {
      const cells = byKey.get(key);
      if (cells === undefined) byKey.set(key, [{ node, key }]);
      else cells.push({ node, key });
    }
  }
  return [...byKey.values()].flat();
}

/** Memory for the sets of all nodes, used for one block after the other: there are gigabytes to go through. */
interface Room {
  readonly past: Uint32Array;
  readonly future: Uint32Array;
}

/** A part of the writes, with the past and future of every node among them; good until the next one is made. */
export class ReachBlock {
  readonly cells: readonly WriteCell[];
  readonly #words: number;
  readonly #past: Uint32Array;
  readonly #future: Uint32Array;
  /** For each key the first and the last of its cells, plus one. */
  readonly #ranges = new Map<string, { readonly first: number; readonly end: number }>();

  constructor(graph: Graph, order: Int32Array, cells: readonly WriteCell[], { past, future }: Room) {
    this.cells = cells;
    this.#words = Math.ceil(cells.length / WORD_BITS);
    cells.forEach(({ key }, at) => {
      this.#ranges.set(key, { first: this.#ranges.get(key)?.first ?? at, end: at + 1 });
    });
    this.#past = past;
    this.#future = future;
    this.#carry(past, order, graph.before);
    this.#carry(future, order.slice().reverse(), graph.after);
  }

  keys(): Iterable<string> {
    return this.#ranges.keys();
  }

  /** Any cell of the key that is in the past of `later` and, unless that is undefined, in the future of `earlier`. */
  between(key: string, earlier: number | undefined, later: number): WriteCell | undefined {
    const range = this.#ranges.get(key);
    if (range === undefined) return undefined;
    for (let word = range.first >> 5; word <= (range.end - 1) >> 5; word += 1) {
      const past = this.#past[later * this.#words + word] as number;
      const future = earlier === undefined ? -1 : (this.#future[earlier * this.#words + word] as number);
      let found = past & future & maskOf(range, word);
      while (found !== 0) {
        const bit = 31 - Math.clz32(found);
        const cell = this.cells[word * WORD_BITS + bit] as WriteCell;
        if (cell.node !== earlier && cell.node !== later) return cell;
        found &= ~(1 << bit);
      }
    }
    return undefined;
  }

  /** Cells of the key in the past of one of `laters`, neither in the past of `target` nor its own: the latest ones only. */
  latestBeside(key: string, target: number, laters: readonly number[]): readonly WriteCell[] {
    const range = this.#ranges.get(key);
    if (range === undefined) return [];
    const first = range.first >> 5;
    const left = new Uint32Array(((range.end - 1) >> 5) - first + 1);
    for (let i = 0; i < left.length; i += 1) {
      for (const later of laters)
        left[i] = (left[i] as number) | (this.#past[later * this.#words + first + i] as number);
      left[i] =
        (left[i] as number) & ~(this.#past[target * this.#words + first + i] as number) & maskOf(range, first + i);
    }
    const latest: WriteCell[] = [];
    for (let i = left.length - 1; i >= 0; i -= 1) {
      while (left[i] !== 0) {
        const bit = 31 - Math.clz32(left[i] as number);
        left[i] = (left[i] as number) & ~(1 << bit);
        const cell = this.cells[(first + i) * WORD_BITS + bit] as WriteCell;
        if (!laters.some((later) => later !== cell.node && this.#isPast((first + i) * WORD_BITS + bit, later)))
          continue;
        latest.push(cell);
        for (let j = 0; j <= i; j += 1) {
          left[j] = (left[j] as number) & ~(this.#past[cell.node * this.#words + first + j] as number);
        }
      }
    }
    return latest;
  }

  #isPast(cell: number, node: number): boolean {
    return ((this.#past[node * this.#words + (cell >> 5)] as number) & (1 << (cell & 31))) !== 0;
  }

  /** `order` has every node behind its `neighbours`. What a node wrote itself is in its own set, too. */
  #carry(sets: Uint32Array, order: Int32Array, { starts, list }: Neighbours): void {
    const words = this.#words;
    sets.fill(0);
    const isWriter = new Uint8Array(order.length);
    this.cells.forEach(({ node }, cell) => {
      const word = node * words + (cell >> 5);
      sets[word] = (sets[word] as number) | (1 << (cell & 31));
      isWriter[node] = 1;
    });
    // Nothing is to be carried to nodes before the first writer.
    for (let i = order.findIndex((node) => isWriter[node] === 1); i < order.length; i += 1) {
      const node = order[i] as number;
      const [at, end] = [node * words, starts[node + 1] as number];
      for (let j = starts[node] as number; j < end; j += 1) {
        const there = (list[j] as number) * words;
        for (let word = 0; word < words; word += 1) {
          sets[at + word] = (sets[at + word] as number) | (sets[there + word] as number);
        }
      }
    }
  }
}

/** The blocks of all writes, made one at a time. */
export function* reachBlocks(
  graph: Graph,
  order: Int32Array,
  cells: readonly WriteCell[],
): Generator<ReachBlock, void> {
  const words = Math.ceil(Math.min(cells.length, BLOCK_CELLS) / WORD_BITS);
  const [past, future] = [new Uint32Array(graph.nodes * words), new Uint32Array(graph.nodes * words)];
  for (let at = 0; at < cells.length; at += BLOCK_CELLS) {
    yield new ReachBlock(graph, order, cells.slice(at, at + BLOCK_CELLS), { past, future });
  }
}

/** The bits of `word` that lie in the range. */
function maskOf({ first, end }: { readonly first: number; readonly end: number }, word: number): number {
  const low = Math.max(first - word * WORD_BITS, 0);
  const high = Math.min(end - word * WORD_BITS, WORD_BITS);
  const upTo = high >= WORD_BITS ? -1 : (1 << high) - 1;
  return upTo & ~((1 << low) - 1);
}
