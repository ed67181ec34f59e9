/**
 * How old what was read was: a report, because no level below linearizable promises anything about it. A value is stale by
 * what is certain from outside: a newer write had begun after the value was written, and was acknowledged before the read
 * began.
 */
import { causalOperations } from './causal/operation.js';
import type { HistoryRecord, Level } from './history/record.js';

export interface StalenessReport {
  readonly level: Level;
  readonly reads: number;
  readonly stale: number;
  /** For how long the value had been out of date, over all reads; a fresh one counts as 0. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How many acknowledged writes newer than the one that was shown. */
  readonly maxVersions: number;
}

interface Write {
  readonly value: string | undefined;
  readonly invoke: number;
  /** Infinity if it was never answered. */
  readonly complete: number;
}

interface Age {
  readonly ms: number;
  readonly versions: number;
}

const LEVELS: readonly Level[] = ['eventual', 'causal', 'linearizable'];
const NS_PER_MS = 1_000_000;

/** One line for each level at which something was read. */
export function reportStaleness(records: readonly HistoryRecord[]): readonly StalenessReport[] {
  const operations = causalOperations(records.filter(({ op }) => op !== 'final'));
  const written = new Map<string, Write[]>();
  for (const { record, writes } of operations) {
    for (const { key, value } of writes) {
      const write = { value, invoke: record.invoke, complete: answerOf(record) };
      const others = written.get(key);
      if (others === undefined) written.set(key, [write]);
      else others.push(write);
    }
  }
  const keys = new Map([...written].map(([key, writes]) => [key, new KeyWrites(writes)]));
  return LEVELS.flatMap((level) => {
    const ages = operations
      .filter(({ record }) => record.op === 'read' && record.level === level)
      .flatMap(({ record, reads }) =>
        reads.map(({ key, value }) => keys.get(key)?.ageOf(value, record.invoke) ?? FRESH),
      );
    return ages.length === 0 ? [] : [summary(level, ages)];
  });
}

const FRESH: Age = { ms: 0, versions: 0 };

class KeyWrites {
  /** In order of invocation. */
  readonly #writes: readonly Write[];
  /** When the last write of a value was answered. */
  readonly #written = new Map<string | undefined, number>();

  constructor(writes: readonly Write[]) {
    this.#writes = [...writes].sort((a, b) => a.invoke - b.invoke);
    for (const { value, complete } of writes) {
      this.#written.set(value, Math.max(complete, this.#written.get(value) ?? Number.NEGATIVE_INFINITY));
    }
  }

  ageOf(value: string | undefined, at: number): Age {
    const written = this.#written.get(value) ?? Number.NEGATIVE_INFINITY;
    let [since, versions] = [at, 0];
    for (let i = this.#firstAfter(written); i < this.#writes.length; i += 1) {
      const { invoke, complete } = this.#writes[i] as Write;
      if (invoke >= at) break;
      if (complete >= at) continue;
      since = Math.min(since, complete);
      versions += 1;
    }
    return { ms: (at - since) / NS_PER_MS, versions };
  }

  #firstAfter(time: number): number {
    let [low, high] = [0, this.#writes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#writes[middle] as Write).invoke <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Infinity if there was none. */
function answerOf({ status, complete }: HistoryRecord): number {
  return status === 'ok' ? (complete ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

function summary(level: Level, ages: readonly Age[]): StalenessReport {
  const byMs = ages.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): number => byMs[Math.min(byMs.length - 1, Math.floor(byMs.length * share))] as number;
  return {
    level,
    reads: ages.length,
    stale: ages.filter(({ versions }) => versions > 0).length,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    maxVersions: ages.reduce((most, { versions }) => Math.max(most, versions), 0),
  };
}
