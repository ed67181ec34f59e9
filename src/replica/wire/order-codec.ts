/** What replicas ask each other on behalf of linearizable requests: who has which writes durable. */
import { unreachable } from '../../base/assert.js';
import { type ByteReader, ByteWriter, DecodeError, decodeWhole } from '../../base/bytes.js';
import { VersionVector } from '../../clocks/version-vector.js';

/** Names one question of one process: answers to another are never taken for answers to it. */
export interface RoundName {
  /** Random number of the run of the process that asks, 32 bits. */
  readonly run: number;
  readonly round: number;
}

/** Tell your durable vector, as it is when you read this. */
export interface VectorRequest extends RoundName {
  readonly kind: 'vector-request';
}

export interface VectorReply extends RoundName {
  readonly kind: 'vector-reply';
  readonly vector: VersionVector;
}

export type OrderMessage = VectorRequest | VectorReply;

/** Envelope kinds 48-55 are these. */
const KINDS = { 'vector-request': 48, 'vector-reply': 49 } as const;

export function isOrderKind(kind: number): boolean {
  return kind >= 48 && kind <= 49;
}

export function orderKindOf(message: OrderMessage): number {
  return KINDS[message.kind];
}

export function encodeOrder(message: OrderMessage): Uint8Array {
  const writer = new ByteWriter(128).u32(message.run).varuint(message.round);
  switch (message.kind) {
    case 'vector-request':
      break;
    case 'vector-reply':
      message.vector.encode(writer);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeOrder(kind: number, payload: Uint8Array): OrderMessage {
  return decodeWhole(payload, (reader) => decodeKind(kind, reader));
}

function decodeKind(kind: number, reader: ByteReader): OrderMessage {
  switch (kind) {
    case KINDS['vector-request']:
      return { kind: 'vector-request', run: reader.u32(), round: reader.varuint() };
    case KINDS['vector-reply']:
      return {
        kind: 'vector-reply',
        run: reader.u32(),
        round: reader.varuint(),
        vector: VersionVector.decode(reader),
      };
    default:
      throw new DecodeError('unknown order message');
  }
}
