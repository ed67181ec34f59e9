/**
 * What one turn of the event loop has to say to one destination travels in one message, whose payload is the messages
 * with their kinds, one after the other. Each is read, and refused if need be, as if it had come alone.
 */
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';

/** Envelope kind of a bundle. */
const BUNDLE_KIND = 61;
/** Kind and length of a part. */
const PART_OVERHEAD_BYTES = 4;

/** A message without its envelope. */
export interface Part {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** What a part adds to a bundle, at most. */
export function bundledBytes({ payload }: Part): number {
  return payload.length + PART_OVERHEAD_BYTES;
}

/** One message that holds all of them. */
export function bundle(parts: readonly Part[]): Part {
  const writer = new ByteWriter(parts.reduce((bytes, part) => bytes + bundledBytes(part), 0));
  for (const { kind, payload } of parts) writer.u8(kind).bytes(payload);
  return { kind: BUNDLE_KIND, payload: writer.finish() };
}

/** The messages in one that came: the parts of a bundle, at least two and none of them a bundle, or itself. @throws DecodeError */
export function partsOf(message: Part): readonly Part[] {
  if (message.kind !== BUNDLE_KIND) return [message];
  const reader = new ByteReader(message.payload);
  const parts: Part[] = [];
  while (reader.remaining > 0) {
    const kind = reader.u8();
    if (kind === BUNDLE_KIND) throw new DecodeError('a bundle in a bundle');
    parts.push({ kind, payload: reader.bytes(LIMITS.messageMaxBytes) });
  }
  if (parts.length < 2) throw new DecodeError('a bundle of less than two messages');
  return parts;
}
