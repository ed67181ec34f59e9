/**
 * Which promise to its session a stale read breaks (D. Terry et al., "Session guarantees for weakly consistent replicated
 * data", 1994): it depends on how the session knew of the write that the read should have been shown.
 */
import type { HistoryRecord } from '../history/record.js';
import { neighboursOf } from './graph.js';
import type { CausalOrder } from './order.js';
import { isAnswered } from './session-order.js';
import { NOTHING } from './sources.js';
import type { StaleRead } from './stale.js';

export const GUARANTEES = [
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
  'causal-token',
] as const;

export type Guarantee = (typeof GUARANTEES)[number];

export interface BrokenGuarantee {
  readonly guarantee: Guarantee;
  /** With the overwriter that the session was bound to know of. */
  readonly stale: StaleRead;
}

export class SessionGuarantees {
  readonly #order: CausalOrder;
  readonly #bySession = new Map<string, number[]>();
  /** By reader: the writes that it was shown. */
  readonly #shownBy = new Map<number, number[]>();
  readonly #byToken = new Map<string, number[]>();

  constructor(order: CausalOrder) {
    this.#order = order;
    order.operations.forEach(({ record }, node) => {
      const session = order.sessions[node];
      if (session !== undefined) append(this.#bySession, session, node);
      if (isAnswered(record) && record.tokenOut !== undefined) append(this.#byToken, record.tokenOut, node);
    });
    for (const { reader, candidates, isSibling } of order.readings) {
      const [only] = candidates;
      if (!isSibling && candidates.length === 1 && only !== undefined && only !== NOTHING)
        append(this.#shownBy, reader, only);
    }
  }

  /** All that the read breaks; none if the write was known to it only at third hand. */
  brokenBy(stale: StaleRead): readonly BrokenGuarantee[] {
    const { reading, source } = stale;
    const { key } = reading.shown;
    const future = source === NOTHING ? undefined : this.#futureOf(source);
    const isOverwriter = (node: number): boolean =>
      node !== source &&
      node !== reading.reader &&
      this.#writes(node, key) &&
      (future === undefined || future.has(node));
    const known = this.#knownTo(reading.reader);
    return GUARANTEES.flatMap((guarantee) => {
      const overwriter = known[guarantee].find(isOverwriter);
      return overwriter === undefined ? [] : [{ guarantee, stale: { ...stale, overwriter } }];
    });
  }

  /** Nodes that the reader was bound to know of, by the guarantee that binds it. */
  #knownTo(reader: number): Readonly<Record<Guarantee, readonly number[]>> {
    const own = this.#earlier(reader);
    const seen = this.#sourcesOf(own);
    const beforeSeen = this.#latestOfSessions(seen).flatMap((node) => this.#earlier(node));
    const { tokenIn } = this.#record(reader);
    const named = tokenIn === undefined ? [] : (this.#byToken.get(tokenIn) ?? []);
    return {
      'read-your-writes': own,
      'monotonic-reads': seen,
      'monotonic-writes': beforeSeen,
      'writes-follow-reads': this.#sourcesOf(beforeSeen),
      'causal-token': [...named, ...this.#sourcesOf(named)],
    };
  }

  /** Answered operations of the same session that were over when `node` began. */
  #earlier(node: number): readonly number[] {
    const session = this.#order.sessions[node];
    const { invoke, level } = this.#record(node);
    if (session === undefined || level === 'eventual') return [];
    return (this.#bySession.get(session) ?? []).filter((other) => {
      const { complete } = this.#record(other);
      return other !== node && isAnswered(this.#record(other)) && complete !== null && complete <= invoke;
    });
  }

  /** What came before any of them in its session came before the latest one. */
  #latestOfSessions(nodes: readonly number[]): readonly number[] {
    const latest = new Map<string, number>();
    for (const node of nodes) {
      const session = this.#order.sessions[node];
      if (session === undefined || this.#record(node).level === 'eventual') continue;
      const other = latest.get(session);
      if (other === undefined || this.#record(other).invoke < this.#record(node).invoke) latest.set(session, node);
    }
    return [...latest.values()];
  }

  #sourcesOf(readers: readonly number[]): readonly number[] {
    return [...new Set(readers.flatMap((reader) => this.#shownBy.get(reader) ?? []))];
  }

  #futureOf(node: number): ReadonlySet<number> {
    const found = new Set<number>();
    const open = [node];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of neighboursOf(this.#order.graph.after, at)) {
        if (found.has(next)) continue;
        found.add(next);
        open.push(next);
      }
    }
    return found;
  }

  #writes(node: number, key: string): boolean {
    return this.#order.operations[node]?.writes.some((write) => write.key === key) ?? false;
  }

  #record(node: number): HistoryRecord {
    return (this.#order.operations[node] as CausalOrder['operations'][number]).record;
  }
}

function append<K>(lists: Map<K, number[]>, name: K, node: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [node]);
  else list.push(node);
}
