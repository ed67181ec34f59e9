/**
 * How old reads were, and how soon writes are seen elsewhere. Both by what is certain from outside: a read is stale if a
 * write of its key had begun after the shown one was acknowledged, and was acknowledged before the read began.
 */
import { type Measured, NS_PER_MS } from './measured.js';
import type { VisibilityPoint } from './results.js';

export interface Age {
  readonly ms: number;
  readonly versions: number;
}

interface Write {
  readonly value: string;
  readonly replica: string | undefined;
  readonly invoke: number;
  /** Infinity if it was never acknowledged. */
  readonly complete: number;
}

const FRESH: Age = { ms: 0, versions: 0 };
/** Where the buckets of t-visibility begin, in ms. */
const VISIBILITY_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000] as const;

/** All writes of a comparison by key. Keys show nothing before. */
export class WriteHistory {
  readonly #byKey = new Map<string, readonly Write[]>();
  readonly #byValue = new Map<string, Write>();

  constructor(measured: readonly Measured[]) {
    const byKey = new Map<string, Write[]>();
    for (const { record } of measured) {
      if (record.op !== 'write' && record.op !== 'cas' && record.op !== 'create') continue;
      if (record.status === 'fail' || typeof record.value !== 'string') continue;
      const { invoke, replica } = record;
      const complete = record.status === 'ok' && record.complete !== null ? record.complete : Number.POSITIVE_INFINITY;
      const write = { value: record.value, replica, invoke, complete };
      this.#byValue.set(record.value, write);
      const others = byKey.get(record.key);
      if (others === undefined) byKey.set(record.key, [write]);
      else others.push(write);
    }
    for (const [key, writes] of byKey)
      this.#byKey.set(
        key,
        writes.sort((a, b) => a.complete - b.complete),
      );
  }

  /** Fresh if it is no read that was answered. */
  ageOf({ record }: Measured): Age {
    if (record.op !== 'read' || record.status !== 'ok') return FRESH;
    const { key, invoke } = record;
    const shownAt = this.#shownBy(record.output)?.complete ?? Number.NEGATIVE_INFINITY;
    let [since, versions] = [invoke, 0];
    for (const write of this.#byKey.get(key) ?? []) {
      if (write.complete >= invoke) break;
      if (write.invoke <= shownAt) continue;
      since = Math.min(since, write.complete);
      versions += 1;
    }
    return { ms: (invoke - since) / NS_PER_MS, versions };
  }

  /**
   * t-visibility (P. Bailis et al., "Probabilistically bounded staleness for practical partial quorums", 2012): each read is
   * compared with the last write that another replica acknowledged before it. Only what was acknowledged before that began is
   * older.
   */
  visibilityOf(reads: readonly Measured[]): readonly VisibilityPoint[] {
    const points = VISIBILITY_MS.map((fromMs) => ({ fromMs, reads: 0, saw: 0 }));
    for (const { record } of reads) {
      if (record.op !== 'read' || record.status !== 'ok') continue;
      const { key, invoke, replica } = record;
      const last = (this.#byKey.get(key) ?? []).findLast((write) => write.complete < invoke);
      if (last === undefined || last.replica === replica) continue;
      const sinceMs = (invoke - last.complete) / NS_PER_MS;
      const point = points.findLast(({ fromMs }) => fromMs <= sinceMs);
      if (point === undefined) continue;
      point.reads += 1;
      const shown = this.#shownBy(record.output);
      // Of two writes that overlap nobody outside can tell which came first.
      if (shown !== undefined && shown.complete > last.invoke) point.saw += 1;
    }
    return points;
  }

  #shownBy(output: unknown): Write | undefined {
    return typeof output === 'string' ? this.#byValue.get(output) : undefined;
  }
}
