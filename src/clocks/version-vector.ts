/**
 * The version vector: for each origin the highest counter with nothing missing below it. A value - immutable, sparse
 * (absent is 0, and 0 is never stored), canonical (sorted by origin), so that equality is structural.
 *
 * Source: D. S. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems" (1983); the gap-free reading
 * of counters is that of R. Ladin et al., "Providing High Availability Using Lazy Replication" (1992).
 */
import { assert } from '../base/assert.js';
import { type ByteReader, type ByteWriter, DecodeError } from '../base/bytes.js';
import { type Origin, parseOrigin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from './dot.js';

/** How two vectors stand to each other in the causal order. */
export type CausalOrder = 'equal' | 'before' | 'after' | 'concurrent';

/** A dot range one vector has and another lacks: counters `have + 1` to `need`, both inclusive. */
export interface MissingRange {
  readonly origin: Origin;
  readonly have: number;
  readonly need: number;
}

const ORIGIN_MAX_BYTES = 41;

export class VersionVector {
  static readonly EMPTY = new VersionVector([], []);

  readonly #origins: readonly Origin[];
  readonly #counters: readonly number[];

  private constructor(origins: readonly Origin[], counters: readonly number[]) {
    this.#origins = origins;
    this.#counters = counters;
  }

  /** Zero counters are dropped; an origin named twice keeps its greatest counter. */
  static of(entries: Iterable<readonly [Origin, number]>): VersionVector {
    const merged = new Map<Origin, number>();
    for (const [origin, counter] of entries) {
      assert(Number.isSafeInteger(counter) && counter >= 0, 'counter out of range', { origin, counter });
      if (counter > (merged.get(origin) ?? 0)) merged.set(origin, counter);
    }
    if (merged.size === 0) return VersionVector.EMPTY;
    const origins = [...merged.keys()].sort();
    return new VersionVector(
      origins,
      origins.map((origin) => merged.get(origin) as number),
    );
  }

  get size(): number {
    return this.#origins.length;
  }

  get(origin: Origin): number {
    const at = this.#origins.indexOf(origin);
    return at < 0 ? 0 : (this.#counters[at] as number);
  }

  covers(dot: Dot): boolean {
    return this.get(dot.origin) >= dot.counter;
  }

  /** True if every dot of `other` is in this vector: `other <= this`. */
  includes(other: VersionVector): boolean {
    if (other === this) return true;
    for (let i = 0; i < other.#origins.length; i += 1) {
      if (this.get(other.#origins[i] as Origin) < (other.#counters[i] as number)) return false;
    }
    return true;
  }

  equals(other: VersionVector): boolean {
    if (other === this) return true;
    if (other.size !== this.size) return false;
    for (let i = 0; i < this.#origins.length; i += 1) {
      if (this.#origins[i] !== other.#origins[i] || this.#counters[i] !== other.#counters[i]) return false;
    }
    return true;
  }

  /** How this vector stands to `other`: `before` means everything here is also there. */
  compare(other: VersionVector): CausalOrder {
    const under = other.includes(this);
    const over = this.includes(other);
    if (under && over) return 'equal';
    if (under) return 'before';
    return over ? 'after' : 'concurrent';
  }

  /** Least upper bound: the dots of both. Returns an argument itself where it already is the answer. */
  join(other: VersionVector): VersionVector {
    if (this.includes(other)) return this;
    if (other.includes(this)) return other;
    return merge(this, other);
  }

  /** Greatest lower bound: the dots that both have. */
  meet(other: VersionVector): VersionVector {
    if (this.includes(other)) return other;
    if (other.includes(this)) return this;
    return VersionVector.of(this.entries().map(([origin, n]) => [origin, Math.min(n, other.get(origin))]));
  }

  /** This vector with `dot` and everything of its origin below it. */
  with(dot: Dot): VersionVector {
    const at = this.#origins.indexOf(dot.origin);
    if (at < 0) return VersionVector.of([...this.entries(), [dot.origin, dot.counter]]);
    if ((this.#counters[at] as number) >= dot.counter) return this;
    const counters = this.#counters.slice();
    counters[at] = dot.counter;
    return new VersionVector(this.#origins, counters);
  }

  /** What `need` has and this vector lacks, by origin. */
  missing(need: VersionVector): MissingRange[] {
    const ranges: MissingRange[] = [];
    for (const [origin, counter] of need.entries()) {
      const have = this.get(origin);
      if (have < counter) ranges.push({ origin, have, need: counter });
    }
    return ranges;
  }

  /** Entries in origin order. */
  entries(): [Origin, number][] {
    return this.#origins.map((origin, i) => [origin, this.#counters[i] as number]);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.entries());
  }

  encode(writer: ByteWriter): void {
    writer.varuint(this.#origins.length);
    for (let i = 0; i < this.#origins.length; i += 1) {
      writer.string(this.#origins[i] as Origin).varuint(this.#counters[i] as number);
    }
  }

  /** @throws DecodeError unless the input is the canonical form: known origin syntax, strictly sorted, no zeros. */
  static decode(reader: ByteReader): VersionVector {
    const size = reader.varuint();
    if (size === 0) return VersionVector.EMPTY;
    if (size > LIMITS.vectorMaxEntries) throw new DecodeError(`vector of ${size} entries`);
    const origins: Origin[] = [];
    const counters: number[] = [];
    for (let i = 0; i < size; i += 1) {
      const origin = decodeOrigin(reader);
      const previous = origins[i - 1];
      if (previous !== undefined && previous >= origin) throw new DecodeError('vector is not sorted');
      const counter = reader.varuint();
      if (counter === 0) throw new DecodeError('vector stores a zero');
      origins.push(origin);
      counters.push(counter);
    }
    return new VersionVector(origins, counters);
  }
}

/** @throws DecodeError if the text is not an origin. */
export function decodeOrigin(reader: ByteReader): Origin {
  const origin = parseOrigin(reader.string(ORIGIN_MAX_BYTES));
  if (origin === undefined) throw new DecodeError('not an origin');
  return origin;
}

/** @throws DecodeError unless it is an origin and a positive counter. */
export function decodeDot(reader: ByteReader): Dot {
  const origin = decodeOrigin(reader);
  const counter = reader.varuint();
  if (counter === 0) throw new DecodeError('dot with counter 0');
  return { origin, counter };
}

export function encodeDot(writer: ByteWriter, dot: Dot): void {
  writer.string(dot.origin).varuint(dot.counter);
}

function merge(a: VersionVector, b: VersionVector): VersionVector {
  return VersionVector.of([...a.entries(), ...b.entries()]);
}
