/** A version: what one write made of one key, or the tombstone a delete left. */
import { type ByteReader, type ByteWriter, DecodeError } from '../base/bytes.js';
import { Interning } from '../base/interning.js';
import { LIMITS } from '../base/limits.js';
import { type Dot, equalDots, formatDot } from '../clocks/dot.js';
import { compareHlc, decodeHlc, encodeHlc, type Hlc } from '../clocks/hybrid-logical-clock.js';
import { decodeDot, encodeDot, VersionVector } from '../clocks/version-vector.js';

interface VersionStem {
  readonly dot: Dot;
  readonly hlc: Hlc;
  /** Everything in this version's causal past; what it covers, it supersedes. Transitively closed. */
  readonly deps: VersionVector;
  /** Log index of the newest linearizable write to this key in the version's past; 0 = none. */
  readonly seen: number;
  /** Other dots of the same write: a retry that another replica applied before it knew of the first. Sorted. */
  readonly twins: readonly Dot[];
}

export interface ValueVersion extends VersionStem {
  readonly kind: 'value';
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface Tombstone extends VersionStem {
  readonly kind: 'tombstone';
}

export type Version = ValueVersion | Tombstone;

/** The strong entity tag of a version, quotes included. */
export function etagOf(dot: Dot): string {
  return `"${formatDot(dot)}"`;
}

/** Arbitration: the greater of two concurrent versions by `(seen, hlc, origin, counter)`. Positive if `a` wins. */
export function arbitrate(a: Version, b: Version): number {
  return (
    a.seen - b.seen ||
    compareHlc(a.hlc, b.hlc) ||
    compareText(a.dot.origin, b.dot.origin) ||
    a.dot.counter - b.dot.counter
  );
}

/** `later` has `earlier`, or a twin of it, in its causal past. */
export function supersedes(later: Version, earlier: Version): boolean {
  return later.deps.covers(earlier.dot) || earlier.twins.some((twin) => later.deps.covers(twin));
}

/** The version bears `dot`, as its name or as a twin's. */
export function bears(version: Version, dot: Dot): boolean {
  return equalDots(version.dot, dot) || version.twins.some((twin) => equalDots(twin, dot));
}

/** Every dot the version bears, its name first. */
export function dotsOf(version: Version): readonly Dot[] {
  return version.twins.length === 0 ? [version.dot] : [version.dot, ...version.twins];
}

const KIND_VALUE = 1;
const KIND_TOMBSTONE = 2;

export function encodeVersion(writer: ByteWriter, version: Version): void {
  writer.u8(version.kind === 'value' ? KIND_VALUE : KIND_TOMBSTONE);
  encodeDot(writer, version.dot);
  encodeHlc(writer, version.hlc);
  version.deps.encode(writer);
  writer.varuint(version.seen).varuint(version.twins.length);
  for (const twin of version.twins) encodeDot(writer, twin);
  if (version.kind === 'value') writer.string(version.contentType).bytes(version.bytes);
}

/** @throws DecodeError on anything `encodeVersion` would not write. */
export function decodeVersion(reader: ByteReader): Version {
  const isValue = decodeIsValue(reader);
  const dot = decodeDot(reader);
  const hlc = decodeHlc(reader);
  const deps = VersionVector.decode(reader);
  const seen = reader.varuint();
  const twins = decodeDots(reader);
  if (!isValue) return { kind: 'tombstone', dot, hlc, deps, seen, twins };
  const contentType = reader.span(LIMITS.contentTypeMaxBytes, internContentType);
  const bytes = reader.bytes(LIMITS.valueMaxBytes);
  return { kind: 'value', dot, hlc, deps, seen, twins, contentType, bytes };
}

/** What a version begins with; its dot follows. @throws DecodeError */
export function decodeIsValue(reader: ByteReader): boolean {
  const kind = reader.u8();
  if (kind !== KIND_VALUE && kind !== KIND_TOMBSTONE) throw new DecodeError(`unknown version kind ${kind}`);
  return kind === KIND_VALUE;
}

const contentTypes = new Interning<string>((text) => text);

/** Of the few content types that are in use, the one string of each. */
export function internContentType(bytes: Uint8Array, start: number, end: number): string {
  return contentTypes.of(bytes, start, end) ?? '';
}

const NO_DOTS: readonly Dot[] = [];
/** An origin knows its own writes, so it applies a request at most once. */
const TWINS_MAX = LIMITS.vectorMaxEntries;

export function decodeDots(reader: ByteReader): readonly Dot[] {
  const count = reader.varuint();
  if (count === 0) return NO_DOTS;
  if (count > TWINS_MAX) throw new DecodeError(`${count} twins`);
  return Array.from({ length: count }, () => decodeDot(reader));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
