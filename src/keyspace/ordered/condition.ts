/** Conditions on what a key shows: `If-Match`, `If-None-Match: *`, and those of a transaction. */
import { type ByteReader, type ByteWriter, DecodeError, equalBytes } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { Dot } from '../../clocks/dot.js';
import { decodeDot, encodeDot } from '../../clocks/version-vector.js';
import type { KeyRecord } from '../key-record.js';
import { bears, etagOf } from '../version.js';

export type Condition =
  /** The shown value is the version that one of these entity tags names. */
  | { readonly kind: 'etag'; readonly dots: readonly Dot[] }
  /** `If-Match: *`: the key shows a value. */
  | { readonly kind: 'exists' }
  /** `If-None-Match: *`: it shows none. */
  | { readonly kind: 'absent' }
  /** It shows exactly these bytes. */
  | { readonly kind: 'value'; readonly bytes: Uint8Array };

export function holds(condition: Condition, record: KeyRecord): boolean {
  const winner = record[0]?.kind === 'value' ? record[0] : undefined;
  switch (condition.kind) {
    case 'etag':
      return winner !== undefined && condition.dots.some((dot) => bears(winner, dot));
    case 'exists':
      return winner !== undefined;
    case 'absent':
      return winner === undefined;
    case 'value':
      return winner !== undefined && equalBytes(winner.bytes, condition.bytes);
  }
}

/** Entity tag of what the key shows; `null` if it shows nothing. */
export function shownEtag(record: KeyRecord): string | null {
  return record[0]?.kind === 'value' ? etagOf(record[0].dot) : null;
}

const KIND_ETAG = 1;
const KIND_EXISTS = 2;
const KIND_ABSENT = 3;
const KIND_VALUE = 4;

export function encodeCondition(writer: ByteWriter, condition: Condition): void {
  switch (condition.kind) {
    case 'etag':
      writer.u8(KIND_ETAG).varuint(condition.dots.length);
      for (const dot of condition.dots) encodeDot(writer, dot);
      return;
    case 'exists':
      writer.u8(KIND_EXISTS);
      return;
    case 'absent':
      writer.u8(KIND_ABSENT);
      return;
    case 'value':
      writer.u8(KIND_VALUE).bytes(condition.bytes);
      return;
  }
}

/** @throws DecodeError on anything `encodeCondition` would not write, and on a list of no or too many tags. */
export function decodeCondition(reader: ByteReader): Condition {
  const kind = reader.u8();
  if (kind === KIND_EXISTS) return { kind: 'exists' };
  if (kind === KIND_ABSENT) return { kind: 'absent' };
  if (kind === KIND_VALUE) return { kind: 'value', bytes: reader.bytes(LIMITS.valueMaxBytes) };
  if (kind !== KIND_ETAG) throw new DecodeError(`unknown condition kind ${kind}`);
  const count = reader.varuint();
  if (count === 0 || count > LIMITS.conditionMaxEtags) throw new DecodeError(`condition of ${count} entity tags`);
  return { kind: 'etag', dots: Array.from({ length: count }, () => decodeDot(reader)) };
}
