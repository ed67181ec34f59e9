/**
 * A write group is what one write or one atomic batch becomes: the unit that is numbered, made durable, published and
 * delivered, never in parts. This folder sees its body as opaque bytes; only the keyspace knows what is inside.
 */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import { decodeHlc, encodeHlc, type Hlc } from '../clocks/hybrid-logical-clock.js';
import { decodeDot, encodeDot, VersionVector } from '../clocks/version-vector.js';

export interface WriteGroup {
  readonly dot: Dot;
  readonly hlc: Hlc;
  /** What must be delivered before; transitively closed. Never names the group itself or a later one of its origin. */
  readonly deps: VersionVector;
  readonly body: Uint8Array;
  /** The whole group as bytes: stored, sent and fetched as they are, encoded once. */
  readonly encoded: Uint8Array;
  /**
   * Where whoever knows what bodies say leaves what this one says; nobody here looks at it. A field, because to find it by
   * the group in a map that does not keep the group alive costs more than to read the body anew.
   */
  contents: unknown;
  /** Whether the operation log holds it, or will by the same transaction that delivers it; whoever stores it says so here. */
  isStored: boolean;
}

export function sealGroup(dot: Dot, hlc: Hlc, deps: VersionVector, body: Uint8Array): WriteGroup {
  const writer = new ByteWriter(body.length + 96);
  encodeDot(writer, dot);
  encodeHlc(writer, hlc);
  deps.encode(writer);
  writer.bytes(body);
  return { dot, hlc, deps, body, encoded: writer.finish(), contents: undefined, isStored: false };
}

/** @throws DecodeError unless `encoded` is one whole, self-consistent group. */
export function decodeGroup(encoded: Uint8Array): WriteGroup {
  const reader = new ByteReader(encoded);
  const dot = decodeDot(reader);
  const hlc = decodeHlc(reader);
  const deps = VersionVector.decode(reader);
  if (deps.get(dot.origin) >= dot.counter) throw new DecodeError('group depends on itself');
  const body = reader.bytes(LIMITS.groupMaxBytes);
  reader.end();
  return { dot, hlc, deps, body, encoded, contents: undefined, isStored: false };
}
