/** Which write a read was shown: by its dot if both sides tell one, else by its value. */
import type { CausalOperation, Shown } from './operation.js';

/** Nothing was ever written. */
export const NOTHING = -1;

export type Sources =
  /** Nodes of the writes it may have been, or NOTHING; with more than one it is not known which. */
  | { readonly kind: 'candidates'; readonly nodes: readonly number[] }
  /** There were so many that only the latest are listed. */
  | { readonly kind: 'many'; readonly nodes: readonly number[] }
  /** No write can have been it. */
  | { readonly kind: 'thin-air' };

/** More writes of one value than this are not tried one by one. */
const CANDIDATES_MAX = 64;

export class SourceIndex {
  readonly #operations: readonly CausalOperation[];
  /** Writers by key and value, in order of invocation. */
  readonly #byValue = new Map<string, Map<string | undefined, number[]>>();

  constructor(operations: readonly CausalOperation[]) {
    this.#operations = operations;
    operations.forEach(({ writes }, node) => {
      for (const write of writes) this.#add(write, node);
    });
    for (const values of this.#byValue.values()) {
      for (const nodes of values.values()) nodes.sort((a, b) => this.#invoke(a) - this.#invoke(b));
    }
  }

  /** Those that had begun when the read was answered; not itself. */
  of(reader: number, { key, value }: Shown): Sources {
    const { record } = this.#operations[reader] as CausalOperation;
    const deadline = record.complete ?? Number.POSITIVE_INFINITY;
    const writers = (this.#byValue.get(key)?.get(value) ?? []).filter(
      (node) => node !== reader && this.#invoke(node) <= deadline,
    );
    const named = record.dot === undefined ? [] : writers.filter((node) => this.#record(node).dot === record.dot);
    if (named.length === 1) return { kind: 'candidates', nodes: named };
    const nodes = value === undefined ? [NOTHING, ...writers] : writers;
    if (nodes.length === 0) return { kind: 'thin-air' };
    if (nodes.length > CANDIDATES_MAX) return { kind: 'many', nodes: nodes.slice(-CANDIDATES_MAX) };
    return { kind: 'candidates', nodes };
  }

  #add({ key, value }: Shown, node: number): void {
    const values = this.#byValue.get(key) ?? new Map<string | undefined, number[]>();
    this.#byValue.set(key, values);
    const nodes = values.get(value);
    if (nodes === undefined) values.set(value, [node]);
    else nodes.push(node);
  }

  #record(node: number) {
    return (this.#operations[node] as CausalOperation).record;
  }

  #invoke(node: number): number {
    return this.#record(node).invoke;
  }
}
