/** What members say about themselves, beside the planes: who and where they are, and whether an id is already taken. */
import { unreachable } from '../../base/assert.js';
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import { decodeHlc, encodeHlc, type Hlc } from '../../clocks/hybrid-logical-clock.js';

/** A member's word about itself, broadcast on a timer. */
export interface Hello {
  readonly kind: 'hello';
  readonly url: string;
  readonly startedMs: number;
  readonly keys: number;
  readonly buffered: number;
  readonly hlc: Hlc;
}

/** Said by a starting replica to its own id: is anybody there? */
export interface Probe {
  readonly kind: 'probe';
}

/** The answer of a replica that already runs under that id. */
export interface Taken {
  readonly kind: 'taken';
  readonly startedMs: number;
}

export type GossipMessage = Hello | Probe | Taken;

/** Envelope kinds 32-39 are gossip. */
const KINDS = { hello: 32, probe: 33, taken: 34 } as const;
const URL_MAX_BYTES = 256;

export function isGossipKind(kind: number): boolean {
  return kind >= 32 && kind <= 34;
}

export function gossipKindOf(message: GossipMessage): number {
  return KINDS[message.kind];
}

export function encodeGossip(message: GossipMessage): Uint8Array {
  const writer = new ByteWriter(128);
  switch (message.kind) {
    case 'hello':
      writer.string(message.url).varuint(message.startedMs).varuint(message.keys).varuint(message.buffered);
      encodeHlc(writer, message.hlc);
      break;
    case 'probe':
      break;
    case 'taken':
      writer.varuint(message.startedMs);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeGossip(kind: number, payload: Uint8Array): GossipMessage {
  const reader = new ByteReader(payload);
  const message = decodeKind(kind, reader);
  reader.end();
  return message;
}

function decodeKind(kind: number, reader: ByteReader): GossipMessage {
  switch (kind) {
    case KINDS.hello:
      return {
        kind: 'hello',
        url: reader.string(URL_MAX_BYTES),
        startedMs: reader.varuint(),
        keys: reader.varuint(),
        buffered: reader.varuint(),
        hlc: decodeHlc(reader),
      };
    case KINDS.probe:
      return { kind: 'probe' };
    case KINDS.taken:
      return { kind: 'taken', startedMs: reader.varuint() };
    default:
      throw new DecodeError('unknown gossip message');
  }
}
