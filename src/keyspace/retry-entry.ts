/**
 * The outcome of a request that carried an Idempotency-Key, kept so that a retry gets it instead of a second effect.
 * Entries travel with the write group and with snapshots, so a retry at another replica finds them too.
 */
import { ByteReader, ByteWriter, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { type Dot, equalDots } from '../clocks/dot.js';
import { decodeHlc, encodeHlc, type Hlc } from '../clocks/hybrid-logical-clock.js';
import { decodeDot, encodeDot, VersionVector } from '../clocks/version-vector.js';
import type { GroupStem, RetryName } from './group-body.js';
import { decodeDots } from './version.js';

export interface RetryEntry {
  readonly fingerprint: string;
  readonly dot: Dot;
  readonly hlc: Hlc;
  readonly deps: VersionVector;
  /** Dots under which other replicas applied the same request before they knew of this one. */
  readonly twins: readonly Dot[];
}

/** Key of an outcome in its table: requests that share an Idempotency-Key and nothing else have one each. */
export function retryTableKey(name: RetryName): Uint8Array {
  return new ByteWriter(96).raw(utf8Encode(name.key)).u8(0).raw(utf8Encode(name.fingerprint)).finish();
}

/** Where the outcomes under one Idempotency-Key lie. */
export function retryTableRange(key: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const stem = utf8Encode(key);
  return { gte: Uint8Array.of(...stem, 0), lt: Uint8Array.of(...stem, 1) };
}

/** Every dot under which the request was applied. */
export function dotsOfRetry(entry: RetryEntry): readonly Dot[] {
  return [entry.dot, ...entry.twins];
}

/** What two replicas know of one request together; `mine` itself if `theirs` adds nothing. */
export function joinRetries(mine: RetryEntry, theirs: RetryEntry): RetryEntry {
  const known = dotsOfRetry(mine);
  const news = dotsOfRetry(theirs).filter((dot) => !known.some((other) => equalDots(other, dot)));
  return news.length === 0 ? mine : { ...mine, twins: [...mine.twins, ...news] };
}

/** How a delivered group stands to what is known under its retry key. */
export type RetryVerdict =
  | { readonly kind: 'first'; readonly entry: RetryEntry }
  | { readonly kind: 'known' }
  | { readonly kind: 'twin'; readonly entry: RetryEntry; readonly twins: readonly Dot[] };

/**
 * Judge a delivered group against the entry of its retry key. Two groups are twins if their stamps lie within one
 * window: a comparison of stamps alone, so that every replica judges alike whenever it forgets old entries.
 */
export function judgeRetry(known: RetryEntry | undefined, fingerprint: string, group: GroupStem): RetryVerdict {
  const first: RetryEntry = { fingerprint, dot: group.dot, hlc: group.hlc, deps: group.deps, twins: [] };
  if (known === undefined) return { kind: 'first', entry: first };
  const dots = dotsOfRetry(known);
  if (dots.some((dot) => equalDots(dot, group.dot))) return { kind: 'known' };
  if (Math.abs(group.hlc.ms - known.hlc.ms) > LIMITS.idempotencyWindowMs) {
    return group.hlc.ms > known.hlc.ms ? { kind: 'first', entry: first } : { kind: 'known' };
  }
  return { kind: 'twin', entry: { ...known, twins: [...known.twins, group.dot] }, twins: dots };
}

export function encodeRetryEntry(entry: RetryEntry): Uint8Array {
  const writer = new ByteWriter(128).string(entry.fingerprint);
  encodeDot(writer, entry.dot);
  encodeHlc(writer, entry.hlc);
  entry.deps.encode(writer);
  writer.varuint(entry.twins.length);
  for (const twin of entry.twins) encodeDot(writer, twin);
  return writer.finish();
}

/** @throws DecodeError on anything `encodeRetryEntry` would not write. */
export function decodeRetryEntry(bytes: Uint8Array): RetryEntry {
  const reader = new ByteReader(bytes);
  const fingerprint = reader.string(32);
  const dot = decodeDot(reader);
  const hlc = decodeHlc(reader);
  const deps = VersionVector.decode(reader);
  const twins = decodeDots(reader);
  reader.end();
  return { fingerprint, dot, hlc, deps, twins };
}
