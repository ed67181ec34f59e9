/**
 * The version vector: for each origin the highest counter with nothing missing below it. A value - immutable, sparse
 * (absent is 0, and 0 is never stored), canonical (sorted by origin), so that equality is structural.
 *
 * Source: D. S. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems" (1983); the gap-free reading
 * of counters is that of R. Ladin et al., "Providing High Availability Using Lazy Replication" (1992).
 */
import { assert } from '../base/assert.js';
import { type ByteReader, type ByteWriter, DecodeError } from '../base/bytes.js';
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from './dot.js';
import { internOrigin } from './origin-interning.js';

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
  /** The origins of the vector decoded last. */
  static #lastDecoded: readonly Origin[] = [];

  /** Strictly ascending. Vectors that name the same origins mostly share this array, which makes them quick to compare. */
  readonly #origins: readonly Origin[];
  readonly #counters: readonly number[];

  private constructor(origins: readonly Origin[], counters: readonly number[]) {
    this.#origins = origins;
    this.#counters = counters;
  }

  /** Zero counters are dropped; an origin named twice keeps its greatest counter. Quickest if already sorted. */
  static of(entries: Iterable<readonly [Origin, number]>): VersionVector {
    const origins: Origin[] = [];
    const counters: number[] = [];
    let ascending = true;
    for (const [origin, counter] of entries) {
      assertCounter(origin, counter);
      if (counter === 0) continue;
      const previous = origins[origins.length - 1];
      if (previous !== undefined && previous >= origin) ascending = false;
      origins.push(origin);
      counters.push(counter);
    }
    return ascending ? VersionVector.#ofSorted(origins, counters) : VersionVector.#ofUnsorted(origins, counters);
  }

  static #ofUnsorted(origins: readonly Origin[], counters: readonly number[]): VersionVector {
    const greatest = new Map<Origin, number>();
    for (const [i, origin] of origins.entries()) {
      greatest.set(origin, Math.max(greatest.get(origin) ?? 0, counters[i] as number));
    }
    const sorted = [...greatest.keys()].sort();
    return VersionVector.#ofSorted(
      sorted,
      sorted.map((origin) => greatest.get(origin) as number),
    );
  }

  static #ofSorted(origins: readonly Origin[], counters: readonly number[]): VersionVector {
    return origins.length === 0 ? VersionVector.EMPTY : new VersionVector(origins, counters);
  }

  get size(): number {
    return this.#origins.length;
  }

  get(origin: Origin): number {
    const at = this.#origins.indexOf(origin);
    return at < 0 ? 0 : (this.#counters[at] as number);
  }

  /** `get`, quicker where `origin` is entry number `at`. */
  #getNear(origin: Origin, at: number): number {
    return this.#origins[at] === origin ? (this.#counters[at] as number) : this.get(origin);
  }

  covers(dot: Dot): boolean {
    return this.get(dot.origin) >= dot.counter;
  }

  /** True if every dot of `other` is in this vector: `other <= this`. */
  includes(other: VersionVector): boolean {
    if (other === this) return true;
    if (other.#origins.length > this.#origins.length) return false;
    let at = 0;
    for (let i = 0; i < other.#origins.length; i += 1) {
      at = seek(this.#origins, other.#origins[i] as Origin, at);
      if (at < 0 || (this.#counters[at] as number) < (other.#counters[i] as number)) return false;
      at += 1;
    }
    return true;
  }

  equals(other: VersionVector): boolean {
    if (other === this) return true;
    if (other.size !== this.size) return false;
    for (let i = 0; i < this.#origins.length; i += 1) {
      if (this.#counters[i] !== other.#counters[i] || this.#origins[i] !== other.#origins[i]) return false;
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
    const origins = sortedUnion(this.#origins, other.#origins);
    return VersionVector.#ofSorted(
      origins,
      origins.map((origin, i) => Math.max(this.#getNear(origin, i), other.#getNear(origin, i))),
    );
  }

  /** Greatest lower bound: the dots that both have. Returns an argument itself where it already is the answer. */
  meet(other: VersionVector): VersionVector {
    if (this.includes(other)) return other;
    if (other.includes(this)) return this;
    const origins = sortedIntersection(this.#origins, other.#origins);
    return VersionVector.#ofSorted(
      origins,
      origins.map((origin, i) => Math.min(this.#getNear(origin, i), other.#getNear(origin, i))),
    );
  }

  /** This vector with `dot` and everything of its origin below it. */
  with(dot: Dot): VersionVector {
    assertCounter(dot.origin, dot.counter);
    const at = this.#origins.indexOf(dot.origin);
    if ((at < 0 ? 0 : (this.#counters[at] as number)) >= dot.counter) return this;
    if (at < 0) return VersionVector.of([...this.entries(), [dot.origin, dot.counter]]);
    const counters = this.#counters.slice();
    counters[at] = dot.counter;
    return new VersionVector(this.#origins, counters);
  }

  /** What `need` has and this vector lacks, by origin. */
  missing(need: VersionVector): MissingRange[] {
    const ranges: MissingRange[] = [];
    need.forEach((origin, counter) => {
      const have = this.get(origin);
      if (have < counter) ranges.push({ origin, have, need: counter });
    });
    return ranges;
  }

  /** Entries in origin order. */
  entries(): [Origin, number][] {
    return this.#origins.map((origin, i) => [origin, this.#counters[i] as number]);
  }

  /** Visits the entries in origin order without building them. */
  forEach(visit: (origin: Origin, counter: number) => void): void {
    for (let i = 0; i < this.#origins.length; i += 1) visit(this.#origins[i] as Origin, this.#counters[i] as number);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.entries());
  }

  /** What this writes, `decode` accepts: more entries than it reads are a broken invariant here, not a refusal there. */
  encode(writer: ByteWriter): void {
    assert(this.size <= LIMITS.vectorMaxEntries, 'vector has too many entries to be encoded', { size: this.size });
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
    // Mostly the same origins come again: then the vectors share them, and only the counters are new.
    const expected = VersionVector.#lastDecoded;
    let origins: Origin[] | undefined = expected.length === size ? undefined : [];
    const counters: number[] = [];
    for (let i = 0; i < size; i += 1) {
      const origin = decodeOrigin(reader);
      if (origins === undefined && origin !== expected[i]) origins = expected.slice(0, i);
      const previous = origins === undefined ? undefined : origins[i - 1];
      if (previous !== undefined && previous >= origin) throw new DecodeError('vector is not sorted');
      origins?.push(origin);
      counters.push(decodeCounter(reader));
    }
    if (origins !== undefined) VersionVector.#lastDecoded = origins;
    return new VersionVector(origins ?? expected, counters);
  }
}

/** @throws DecodeError if the text is not an origin. */
export function decodeOrigin(reader: ByteReader): Origin {
  const origin = reader.span(ORIGIN_MAX_BYTES, internOrigin);
  if (origin === undefined) throw new DecodeError('not an origin');
  return origin;
}

/** @throws DecodeError unless it is an origin and a positive counter. */
export function decodeDot(reader: ByteReader): Dot {
  const origin = decodeOrigin(reader);
  return { origin, counter: decodeCounter(reader) };
}

function decodeCounter(reader: ByteReader): number {
  const counter = reader.varuint();
  if (counter === 0) throw new DecodeError('dot with counter 0');
  return counter;
}

export function encodeDot(writer: ByteWriter, dot: Dot): void {
  writer.string(dot.origin).varuint(dot.counter);
}

/** Index of `origin` at or after `from`, or -1. Vectors are short and alike: the guess `from` is nearly always right. */
function seek(origins: readonly Origin[], origin: Origin, from: number): number {
  for (let at = from; at < origins.length; at += 1) if (origins[at] === origin) return at;
  return -1;
}

/** Returns an argument itself where it already is the union, so that alike vectors share one array. */
function sortedUnion(a: readonly Origin[], b: readonly Origin[]): readonly Origin[] {
  if (alike(a, b)) return a;
  const extra = b.filter((origin) => !a.includes(origin));
  if (extra.length === 0) return a;
  return extra.length + a.length === b.length ? b : [...a, ...extra].sort();
}

function sortedIntersection(a: readonly Origin[], b: readonly Origin[]): readonly Origin[] {
  if (alike(a, b)) return a;
  const common = a.filter((origin) => b.includes(origin));
  return common.length === a.length ? a : common;
}

function alike(a: readonly Origin[], b: readonly Origin[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

function assertCounter(origin: Origin, counter: number): void {
  assert(Number.isSafeInteger(counter) && counter >= 0, 'counter out of range', { origin, counter });
}
