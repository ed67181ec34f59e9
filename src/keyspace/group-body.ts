/** The body of a write group: the operations on keys, and the name of the client request they came from, if it has one. */
import { ByteReader, ByteWriter, DecodeError, EMPTY_BYTES } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Version } from './version.js';

interface OpStem {
  readonly key: string;
  /** Log index of the newest linearizable write to the key in the past of this write; 0 = none. */
  readonly seen: number;
  /**
   * The encoded record of the key if the version that this operation makes is all that is left of it. No part of what is
   * encoded: it goes with the operation from the view that made it to the other, if both are here.
   */
  readonly record?: Uint8Array;
}

export type GroupOp =
  | (OpStem & { readonly kind: 'put'; readonly contentType: string; readonly bytes: Uint8Array })
  | (OpStem & { readonly kind: 'delete' });

/** Name, stamp and past that all versions of one group share. */
export interface GroupStem {
  readonly dot: Dot;
  readonly hlc: Hlc;
  readonly deps: VersionVector;
}

/** Identifies a client request across its retries: the key it sent and a fingerprint of what it asked for. */
export interface RetryName {
  readonly key: string;
  readonly fingerprint: string;
}

/** Nothing at all is a body too, of no bytes: every entry of the log has its group, also one that changes no key. */
export interface GroupBody {
  readonly retry: RetryName | undefined;
  readonly ops: readonly GroupOp[];
}

const KIND_PUT = 1;
const KIND_DELETE = 2;
const FINGERPRINT_MAX_BYTES = 32;
const NO_TWINS: readonly Dot[] = [];

export const EMPTY_BODY: GroupBody = { retry: undefined, ops: [] };

export function encodeBody(body: GroupBody): Uint8Array {
  if (body.ops.length === 0 && body.retry === undefined) return EMPTY_BYTES;
  const writer = new ByteWriter(bodySizeHint(body));
  writer.u8(body.retry === undefined ? 0 : 1);
  if (body.retry !== undefined) writer.string(body.retry.key).string(body.retry.fingerprint);
  writer.varuint(body.ops.length);
  for (const op of body.ops) {
    writer
      .u8(op.kind === 'put' ? KIND_PUT : KIND_DELETE)
      .string(op.key)
      .varuint(op.seen);
    if (op.kind === 'put') writer.string(op.contentType).bytes(op.bytes);
  }
  return writer.finish();
}

/** @throws DecodeError on anything `encodeBody` would not write. */
export function decodeBody(bytes: Uint8Array): GroupBody {
  if (bytes.length === 0) return EMPTY_BODY;
  const reader = new ByteReader(bytes);
  const retry = decodeRetry(reader);
  const count = reader.varuint();
  if (count === 0 || count > LIMITS.batchMaxOps) throw new DecodeError(`group of ${count} operations`);
  const ops: GroupOp[] = [];
  for (let i = 0; i < count; i += 1) ops.push(decodeOp(reader));
  reader.end();
  return { retry, ops };
}

function decodeRetry(reader: ByteReader): RetryName | undefined {
  const flag = reader.u8();
  if (flag === 0) return undefined;
  if (flag !== 1) throw new DecodeError(`unknown retry flag ${flag}`);
  const key = reader.string(LIMITS.idempotencyKeyMaxChars);
  if (key === '') throw new DecodeError('empty retry key');
  return { key, fingerprint: reader.string(FINGERPRINT_MAX_BYTES) };
}

function decodeOp(reader: ByteReader): GroupOp {
  const kind = reader.u8();
  const key = reader.string(LIMITS.keyMaxBytes);
  if (key === '') throw new DecodeError('empty key');
  const seen = reader.varuint();
  if (kind === KIND_DELETE) return { kind: 'delete', key, seen };
  if (kind !== KIND_PUT) throw new DecodeError(`unknown operation kind ${kind}`);
  const contentType = reader.string(LIMITS.contentTypeMaxBytes);
  return { kind: 'put', key, seen, contentType, bytes: reader.bytes(LIMITS.valueMaxBytes) };
}

/** What an operation does to its key, whatever the key. */
type Change =
  | { readonly kind: 'put'; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'delete' };

/** The version that `op`, which has `seen` that much of the log and is delivered as a part of a group, makes of its key. */
export function versionOf(op: Change, seen: number, { dot, hlc, deps }: GroupStem): Version {
  return op.kind === 'delete'
    ? { dot, hlc, deps, seen, twins: NO_TWINS, kind: 'tombstone' }
    : { dot, hlc, deps, seen, twins: NO_TWINS, kind: 'value', contentType: op.contentType, bytes: op.bytes };
}

function bodySizeHint(body: GroupBody): number {
  let size = 64;
  for (const op of body.ops) size += op.key.length + 16 + (op.kind === 'put' ? op.bytes.length + 32 : 0);
  return size;
}
