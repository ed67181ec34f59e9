/**
 * A second, deliberately simple opinion on causality: it follows sessions by the entity tags they are shown and knows
 * nothing of tokens. A read must not return a version that lies in the past of another the session already depends on.
 */
interface Dot {
  readonly origin: string;
  readonly counter: number;
}

export interface WriteRecord extends Dot {
  readonly etag: string;
  readonly key: string;
  readonly deletes: boolean;
  readonly past: ReadonlyMap<string, number>;
}

/** What one client has seen or written: origin -> counter, and everything before it. */
export class SessionPast {
  readonly counters = new Map<string, number>();

  include(etag: string, past: ReadonlyMap<string, number>): void {
    const { origin, counter } = dotOf(etag);
    for (const [from, upTo] of [...past, [origin, counter] as const]) {
      if (upTo > (this.counters.get(from) ?? 0)) this.counters.set(from, upTo);
    }
  }
}

export class CausalHistory {
  readonly #writes = new Map<string, WriteRecord[]>();
  readonly #byEtag = new Map<string, WriteRecord>();

  wrote(session: SessionPast, key: string, etag: string, deletes: boolean): void {
    const record = { etag, ...dotOf(etag), key, deletes, past: new Map(session.counters) };
    const sameKey = this.#writes.get(key);
    if (sameKey === undefined) this.#writes.set(key, [record]);
    else sameKey.push(record);
    this.#byEtag.set(etag, record);
    session.include(etag, record.past);
  }

  /**
   * Check a read of `key` that returned the version `etag` (undefined = nothing known, or deleted) and add it to the
   * session's past. Returns a sentence for each violation. Versions of unacknowledged writes have no record: they are
   * taken as having an empty past.
   */
  read(session: SessionPast, key: string, etag: string | undefined, deleted: boolean): string[] {
    const shown = etag === undefined ? undefined : dotOf(etag);
    const known = (this.#writes.get(key) ?? []).filter((write) => covers(session.counters, write));
    const violations: string[] = [];
    for (const write of known) {
      if (etag === undefined && !write.deletes && !this.#deletedAfter(write)) {
        violations.push(`read nothing at ${key} although ${write.etag} is in the session's past`);
      }
      if (shown !== undefined && etag !== write.etag && covers(write.past, shown)) {
        violations.push(`read ${etag} at ${key}, which is before ${write.etag} in the session's past`);
      }
    }
    if (etag !== undefined && !deleted) session.include(etag, this.#byEtag.get(etag)?.past ?? new Map());
    return violations;
  }

  #deletedAfter(write: WriteRecord): boolean {
    return (this.#writes.get(write.key) ?? []).some((other) => other.deletes && !covers(write.past, other));
  }
}

function dotOf(etag: string): Dot {
  const at = etag.lastIndexOf('.');
  return { origin: etag.slice(1, at), counter: Number(etag.slice(at + 1, -1)) };
}

function covers(counters: ReadonlyMap<string, number>, { origin, counter }: Dot): boolean {
  return (counters.get(origin) ?? 0) >= counter;
}
