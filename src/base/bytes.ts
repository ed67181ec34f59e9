/**
 * The one binary vocabulary of everything that is stored or sent: unsigned LEB128 varints, length-prefixed bytes and
 * UTF-8 strings. A reader never allocates more than its input holds and refuses what is not canonical.
 */
import { assert } from './assert.js';

/** Input from disk or network is not what it claims to be. The caller refuses it; it never crashes the process. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const EMPTY_BYTES = new Uint8Array(0);

/** Texts up to this length are encoded and decoded here: for them, the way into the native coders costs more. */
const SHORT_MAX = 64;

export function utf8Encode(text: string): Uint8Array {
  if (text.length > SHORT_MAX) return utf8Encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  return putAscii(text, bytes, 0) ? bytes : utf8Encoder.encode(text);
}

/** @throws DecodeError on anything that is not UTF-8. */
export function utf8Decode(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw new DecodeError('not UTF-8');
  }
}

/** Order of unsigned bytes, the order of every store. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/**
 * An array buffer of its own for every small result costs more than writing it, so writers share pages: each is given a
 * part of one, and what it does not need of it goes to the next. A result kept for long therefore keeps its page too.
 */
const PAGE_BYTES = 8 * 1024;
const SHARED_MAX_BYTES = 2 * 1024;
let page = new Uint8Array(PAGE_BYTES);
let pageUsed = 0;

export class ByteWriter {
  /** Bytes from `#start` to `#at` are written, those up to `#end` are this writer's to write. */
  #bytes: Uint8Array;
  #start: number;
  #at: number;
  #end: number;

  constructor(capacity = 256) {
    if (capacity > SHARED_MAX_BYTES) {
      this.#bytes = new Uint8Array(capacity);
      this.#start = 0;
    } else {
      if (pageUsed + capacity > PAGE_BYTES) {
        page = new Uint8Array(PAGE_BYTES);
        pageUsed = 0;
      }
      this.#bytes = page;
      this.#start = pageUsed;
      pageUsed += capacity;
    }
    this.#at = this.#start;
    this.#end = this.#start + capacity;
  }

  get length(): number {
    return this.#at - this.#start;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** An unsigned integer to 2^53-1. */
  varuint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'varuint out of range', { value });
    this.#reserve(8);
    let rest = value;
    // Beyond 32 bits there are no shifts.
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  /** Four bytes, most significant first. */
  u32(value: number): this {
    this.#reserve(4);
    this.#bytes[this.#at++] = (value >>> 24) & 0xff;
    this.#bytes[this.#at++] = (value >>> 16) & 0xff;
    this.#bytes[this.#at++] = (value >>> 8) & 0xff;
    this.#bytes[this.#at++] = value & 0xff;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.varuint(bytes.length).raw(bytes);
  }

  string(text: string): this {
    const { length } = text;
    if (length > SHORT_MAX) return this.bytes(utf8Encoder.encode(text));
    this.#reserve(1 + length);
    if (!putAscii(text, this.#bytes, this.#at + 1)) return this.bytes(utf8Encoder.encode(text));
    this.#bytes[this.#at] = length;
    this.#at += 1 + length;
    return this;
  }

  /** What was written. Neither this writer, which may go on, nor another writes to these bytes again. */
  finish(): Uint8Array {
    if (this.#bytes === page && this.#end === pageUsed) pageUsed = this.#at;
    const isWasteful = this.#end - this.#at > SHARED_MAX_BYTES;
    this.#end = this.#at;
    return isWasteful ? this.#bytes.slice(this.#start, this.#at) : this.#bytes.subarray(this.#start, this.#at);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#end) return;
    const { length } = this;
    const grown = new Uint8Array(Math.max(length + more, length * 2));
    grown.set(this.#bytes.subarray(this.#start, this.#at));
    this.#bytes = grown;
    this.#start = 0;
    this.#at = length;
    this.#end = grown.length;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /** Reads from `start` to the end. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#at = start;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    if (this.#at >= this.#end) throw new DecodeError('truncated');
    const value = this.#bytes[this.#at] as number;
    this.#at += 1;
    return value;
  }

  varuint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw new DecodeError('varint is not canonical');
        if (!Number.isSafeInteger(value)) throw new DecodeError('varint out of range');
        return value;
      }
      scale *= 128;
    }
    throw new DecodeError('varint too long');
  }

  /** @throws DecodeError on anything but 0 and 1. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new DecodeError(`flag is ${value}`);
    return value === 1;
  }

  /** A count of things that each take at least a byte: more than what is left is refused before anything is made of it. */
  count(): number {
    const count = this.varuint();
    if (count > this.remaining) throw new DecodeError('count exceeds the input');
    return count;
  }

  u32(): number {
    const high = (this.u8() << 24) | (this.u8() << 16) | (this.u8() << 8);
    return (high | this.u8()) >>> 0;
  }

  /** A view into the input, not a copy. */
  raw(length: number): Uint8Array {
    if (length > this.remaining) throw new DecodeError('truncated');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  bytes(maxLength: number): Uint8Array {
    const length = this.varuint();
    if (length > maxLength) throw new DecodeError(`length ${length} is over ${maxLength}`);
    return this.raw(length);
  }

  /** As `bytes`, but what `read` makes of them where they lie: for short things that are read often. */
  span<T>(maxLength: number, read: (bytes: Uint8Array, start: number, end: number) => T): T {
    const length = this.varuint();
    if (length > maxLength) throw new DecodeError(`length ${length} is over ${maxLength}`);
    if (length > this.remaining) throw new DecodeError('truncated');
    this.#at += length;
    return read(this.#bytes, this.#at - length, this.#at);
  }

  string(maxLength: number): string {
    return this.span(maxLength, utf8Between);
  }

  /** @throws DecodeError if anything is left. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes too many`);
  }
}

/** What `read` makes of `bytes`, which is all of them. @throws DecodeError if it leaves any, and what it throws itself */
export function decodeWhole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes);
  const value = read(reader);
  reader.end();
  return value;
}

function utf8Between(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_MAX) return utf8Decode(bytes.subarray(start, end));
  for (let i = start; i < end; i += 1) {
    if ((bytes[i] as number) >= 0x80) return utf8Decode(bytes.subarray(start, end));
  }
  return latin1Text(bytes, start, end);
}

/** The short text of one character for each of the bytes `[start, end)`. */
export function latin1Text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const codes = new Array<number>(end - start);
  for (let i = start; i < end; i += 1) codes[i - start] = bytes[i] as number;
  // Of an ordinary array this makes a flat string at once; of a typed array it does so slowly.
  return String.fromCharCode.apply(null, codes);
}

/** Writes `text` at `at`, one byte a character. False, and `bytes` are to be written anew, if it is more than ASCII. */
function putAscii(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return false;
    bytes[at + i] = code;
  }
  return true;
}
