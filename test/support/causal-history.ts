/**
 * A second, deliberately simple opinion on causality: it follows sessions by the entity tags they are shown and knows
 * nothing of tokens. A read must not return a version that lies in the past of another the session already depends on.
 */
export interface WriteRecord {
  readonly etag: string;
  readonly key: string;
  readonly deletes: boolean;
  readonly past: ReadonlyMap<string, number>;
}

/** What one client has seen or written: origin -> counter, and everything before it. */
export class SessionPast {
  readonly counters = new Map<string, number>();

  include(etag: string, past: ReadonlyMap<string, number>): void {
    const [origin, counter] = splitEtag(etag);
    for (const [from, upTo] of [...past, [origin, counter] as const]) {
      if (upTo > (this.counters.get(from) ?? 0)) this.counters.set(from, upTo);
    }
  }

  covers(etag: string): boolean {
    return coversEtag(this.counters, etag);
  }
}

export class CausalHistory {
  readonly #writes = new Map<string, WriteRecord[]>();
  readonly #byEtag = new Map<string, WriteRecord>();

  wrote(session: SessionPast, key: string, etag: string, deletes: boolean): void {
    const record = { etag, key, deletes, past: new Map(session.counters) };
    this.#writes.set(key, [...(this.#writes.get(key) ?? []), record]);
    this.#byEtag.set(etag, record);
    session.include(etag, record.past);
  }

  /**
   * Check a read of `key` that returned the version `etag` (undefined = nothing known, or deleted) and add it to the
   * session's past. Returns a sentence for each violation. Versions of unacknowledged writes have no record: they are
   * taken as having an empty past.
   */
  read(session: SessionPast, key: string, etag: string | undefined, deleted: boolean): string[] {
    const known = (this.#writes.get(key) ?? []).filter((write) => session.covers(write.etag));
    const violations: string[] = [];
    for (const write of known) {
      if (etag === undefined && !write.deletes && !this.#deletedAfter(write)) {
        violations.push(`read nothing at ${key} although ${write.etag} is in the session's past`);
      }
      if (etag !== undefined && etag !== write.etag && coversEtag(write.past, etag)) {
        violations.push(`read ${etag} at ${key}, which is before ${write.etag} in the session's past`);
      }
    }
    if (etag !== undefined && !deleted) session.include(etag, this.#byEtag.get(etag)?.past ?? new Map());
    return violations;
  }

  #deletedAfter(write: WriteRecord): boolean {
    return (this.#writes.get(write.key) ?? []).some((other) => other.deletes && !coversEtag(write.past, other.etag));
  }
}

function splitEtag(etag: string): [string, number] {
  const at = etag.lastIndexOf('.');
  return [etag.slice(1, at), Number(etag.slice(at + 1, -1))];
}

function coversEtag(counters: ReadonlyMap<string, number>, etag: string): boolean {
  const [origin, counter] = splitEtag(etag);
  return (counters.get(origin) ?? 0) >= counter;
}
