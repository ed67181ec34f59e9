/**
 * Hybrid logical clock: stamps close to wall time that never run backwards and exceed every stamp they have seen.
 * They arbitrate between concurrent versions and are shown to people; they never decide causality.
 *
 * Source: S. Kulkarni et al., "Logical Physical Clocks" (2014), figure 5, with the drift bound of section 5. A stamp
 * too far ahead of the local wall clock is not merged: one broken clock must not drag the cluster's into the future.
 */
import { assert } from '../base/assert.js';
import { type ByteReader, type ByteWriter, DecodeError } from '../base/bytes.js';

/** 48 bits of milliseconds since 1970 and 16 bits that order what happens within one of them. */
export interface Hlc {
  readonly ms: number;
  readonly logical: number;
}

export const HLC_ZERO: Hlc = { ms: 0, logical: 0 };
const MS_MAX = 2 ** 48 - 1;
const LOGICAL_MAX = 0xffff;

/** Negative, zero or positive, as a sort wants it. */
export function compareHlc(a: Hlc, b: Hlc): number {
  return a.ms - b.ms || a.logical - b.logical;
}

/**
 * The next local stamp: above `last`, and at wall time if that is later. A full logical part carries into the ms. The
 * wall time is brought to whole, representable milliseconds before it is compared, or a fraction could run time back.
 */
export function tickHlc(last: Hlc, wallMs: number): Hlc {
  const nowMs = Math.min(Math.max(0, Math.floor(wallMs)), MS_MAX);
  if (nowMs > last.ms) return { ms: nowMs, logical: 0 };
  if (last.logical < LOGICAL_MAX) return { ms: last.ms, logical: last.logical + 1 };
  assert(last.ms < MS_MAX, 'hybrid logical clock exhausted', { ms: last.ms });
  return { ms: last.ms + 1, logical: 0 };
}

/** What became of a remote stamp: followed, or too far ahead of the wall clock and therefore not. */
export type HlcMerge =
  | { readonly kind: 'merged'; readonly last: Hlc }
  | { readonly kind: 'ahead'; readonly byMs: number };

/** Learn a remote stamp, so that every later local stamp is above it. */
export function mergeHlc(last: Hlc, remote: Hlc, wallMs: number, maxAheadMs: number): HlcMerge {
  if (compareHlc(remote, last) <= 0) return { kind: 'merged', last };
  const byMs = remote.ms - wallMs;
  return byMs > maxAheadMs ? { kind: 'ahead', byMs } : { kind: 'merged', last: remote };
}

/** `<ms>.<logical>`, the form of the `Version-Timestamp` header. */
export function formatHlc(hlc: Hlc): string {
  return `${hlc.ms}.${hlc.logical}`;
}

export function encodeHlc(writer: ByteWriter, hlc: Hlc): void {
  writer.varuint(hlc.ms).varuint(hlc.logical);
}

/** @throws DecodeError if a part is out of its range. */
export function decodeHlc(reader: ByteReader): Hlc {
  const ms = reader.varuint();
  const logical = reader.varuint();
  if (ms > MS_MAX || logical > LOGICAL_MAX) throw new DecodeError('stamp out of range');
  return { ms, logical };
}
