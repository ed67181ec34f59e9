/**
 * Messages above the transport's limit travel in fragments. A lost fragment means a lost message, which peers
 * must bear in all cases; what stays incomplete is bounded and soon forgotten.
 */
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';

/** Envelope kind of a fragment. */
export const FRAGMENT_KIND = 60;
const PART_MAX_BYTES = LIMITS.messageMaxBytes - 64;
const PARTS_MAX = 64;
const INCOMPLETE_MAX = 8;

export interface Whole {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** The payloads of the fragments of a message; `id` tells it from the sender's others. */
export function fragmentPayloads(kind: number, payload: Uint8Array, id: number): Uint8Array[] {
  const count = Math.ceil(payload.length / PART_MAX_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const part = payload.subarray(index * PART_MAX_BYTES, (index + 1) * PART_MAX_BYTES);
    return new ByteWriter(part.length + 32).u32(id).varuint(index).varuint(count).u8(kind).raw(part).finish();
  });
}

export function needsFragments(payload: Uint8Array): boolean {
  return payload.length > LIMITS.messageMaxBytes;
}

interface Incomplete {
  readonly kind: number;
  readonly parts: (Uint8Array | undefined)[];
  missing: number;
}

/** Puts the fragments of many senders together. */
export class Reassembly {
  readonly #incomplete = new Map<string, Incomplete>();

  /** The whole message if this was its last missing fragment. @throws DecodeError */
  add(sender: string, payload: Uint8Array): Whole | undefined {
    const reader = new ByteReader(payload);
    const id = reader.u32();
    const index = reader.varuint();
    const count = reader.varuint();
    const kind = reader.u8();
    if (count === 0 || count > PARTS_MAX || index >= count || kind === FRAGMENT_KIND)
      throw new DecodeError('bad fragment');
    const name = `${sender}/${id}`;
    const entry = this.#incomplete.get(name) ?? {
      kind,
      parts: Array.from({ length: count }, () => undefined),
      missing: count,
    };
    if (entry.kind !== kind || entry.parts.length !== count) throw new DecodeError('fragments disagree');
    if (entry.parts[index] === undefined) {
      entry.parts[index] = reader.raw(reader.remaining);
      entry.missing -= 1;
    }
    this.#incomplete.delete(name);
    if (entry.missing === 0) return { kind, payload: join(entry.parts) };
    this.#incomplete.set(name, entry);
    this.#bound();
    return undefined;
  }

  /** The entries touched longest ago go first. */
  #bound(): void {
    for (const name of this.#incomplete.keys()) {
      if (this.#incomplete.size <= INCOMPLETE_MAX) return;
      this.#incomplete.delete(name);
    }
  }
}

function join(parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const writer = new ByteWriter(parts.reduce((bytes, part) => bytes + (part?.length ?? 0), 0));
  for (const part of parts) if (part !== undefined) writer.raw(part);
  return writer.finish();
}
