/**
 * The envelope of every message between replicas: who says it, as which incarnation, to which cluster, in which
 * version. What does not carry a whole, undamaged envelope of this cluster is refused before anything reads further.
 *
 * Layout: magic (2) version (1) flags (1) crc32 (4) | cluster, from, incarnation, boot, kind, payload. The checksum
 * covers what follows it; the flags are outside because the fault filter sets one on the way.
 */
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import { type ClusterId, type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { decodeOrigin } from '../../clocks/version-vector.js';

const MAGIC_0 = 0xc5;
const MAGIC_1 = 0x57;
const WIRE_VERSION = 2;
const FLAGS_AT = 3;
const BODY_AT = 8;
/** The sender has already applied the link's faults. */
const FLAG_SHAPED = 1;

export interface Sender {
  readonly cluster: ClusterId;
  readonly replica: ReplicaId;
  readonly origin: Origin;
  /** Random number of this run of the process: tells two processes with one id apart. */
  readonly boot: number;
}

export interface Envelope {
  readonly sender: Sender;
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** Why a message was refused; names of the counters in `/metrics`. */
export type EnvelopeRefusal = 'malformed' | 'foreign-cluster' | 'unknown-version';

export type EnvelopeResult =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly why: EnvelopeRefusal };

export function encodeEnvelope(sender: Sender, kind: number, payload: Uint8Array): Uint8Array {
  const writer = new ByteWriter(payload.length + 160);
  writer.u8(MAGIC_0).u8(MAGIC_1).u8(WIRE_VERSION).u8(0).u32(0);
  writer.string(sender.cluster).string(sender.replica).string(sender.origin).u32(sender.boot).u8(kind).raw(payload);
  const bytes = writer.finish();
  const checksum = crc32(bytes.subarray(BODY_AT));
  for (let i = 0; i < 4; i += 1) bytes[4 + i] = (checksum >>> (24 - 8 * i)) & 0xff;
  return bytes;
}

export function decodeEnvelope(cluster: ClusterId, bytes: Uint8Array): EnvelopeResult {
  const refused = (why: EnvelopeRefusal): EnvelopeResult => ({ kind: 'refused', why });
  if (bytes.length < BODY_AT || bytes[0] !== MAGIC_0 || bytes[1] !== MAGIC_1) return refused('malformed');
  if (bytes[2] !== WIRE_VERSION) return refused('unknown-version');
  const reader = new ByteReader(bytes.subarray(4));
  try {
    if (reader.u32() !== crc32(bytes.subarray(BODY_AT))) return refused('malformed');
    if (reader.string(64) !== cluster) return refused('foreign-cluster');
    const replica = reader.string(32);
    const origin = decodeOrigin(reader);
    if (replicaOf(origin) !== replica) return refused('malformed');
    const boot = reader.u32();
    const kind = reader.u8();
    const payload = reader.raw(reader.remaining);
    return {
      kind: 'envelope',
      envelope: { sender: { cluster, replica: replica as ReplicaId, origin, boot }, kind, payload },
    };
  } catch (error) {
    if (error instanceof DecodeError) return refused('malformed');
    throw error;
  }
}

/** Who sent `bytes`, read without checking the rest; undefined if that cannot be told. */
export function peekSender(bytes: Uint8Array): ReplicaId | undefined {
  if (bytes.length < BODY_AT || bytes[0] !== MAGIC_0 || bytes[1] !== MAGIC_1) return undefined;
  try {
    const reader = new ByteReader(bytes.subarray(BODY_AT, BODY_AT + 128));
    reader.string(64);
    return reader.string(32) as ReplicaId;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export function isShaped(bytes: Uint8Array): boolean {
  return ((bytes[FLAGS_AT] ?? 0) & FLAG_SHAPED) !== 0;
}

/** A copy of `bytes` that says its link's faults were applied. */
export function markShaped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[FLAGS_AT] = (copy[FLAGS_AT] ?? 0) | FLAG_SHAPED;
  return copy;
}
