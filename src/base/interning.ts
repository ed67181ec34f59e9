/**
 * From bytes to the one string object that they spell, without building a string first. What is read for every version
 * and every message names the same few things again and again; this is what makes reading them cheap.
 */
import { utf8Decode } from './bytes.js';

/** A power of two, far above the number of texts of a kind that are in use. Two that share a slot only cost time. */
const SLOTS = 1024;

export class Interning<T extends string> {
  readonly #parse: (text: string) => T | undefined;
  readonly #slots = new Array<T | undefined>(SLOTS).fill(undefined);

  /** `parse` says what a text is, or that it is none; it is asked seldom. */
  constructor(parse: (text: string) => T | undefined) {
    this.#parse = parse;
  }

  /** What bytes `[start, end)` spell; undefined if that is none. @throws DecodeError if they are not UTF-8. */
  of(bytes: Uint8Array, start: number, end: number): T | undefined {
    const slot = hash(bytes, start, end) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && spells(bytes, start, end, known)) return known;
    const text = this.#parse(utf8Decode(bytes.subarray(start, end)));
    if (text !== undefined) this.#slots[slot] = text;
    return text;
  }
}

/** How many of its last bytes a text is told by from others: what numbers a name, or ends it, differs. */
const HASHED_BYTES = 12;

function hash(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start;
  for (let i = Math.max(start, end - HASHED_BYTES); i < end; i += 1)
    sum = (Math.imul(sum, 31) + (bytes[i] as number)) | 0;
  return sum ^ (sum >>> 15);
}

/** False for every text beyond ASCII, whatever the bytes: such a text is decoded anew. */
function spells(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i += 1) {
    const byte = bytes[start + i] as number;
    if (byte > 0x7f || byte !== text.charCodeAt(i)) return false;
  }
  return true;
}
