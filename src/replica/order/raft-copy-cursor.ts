/** Reads one copy of the state for one member: forwards, in chunks, and the last few again if they were lost. */
import { assert } from '../../base/assert.js';
import { ByteWriter, EMPTY_BYTES } from '../../base/bytes.js';
import type { StateCopy } from './ordered-state.js';

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A late duplicate of the member's last question asks for the chunk before the last. */
const KEPT_CHUNKS = 2;

export class CopyCursor {
  readonly #copy: StateCopy;
  #pieces: Iterator<Uint8Array>;
  #rest: Uint8Array = EMPTY_BYTES;
  #offset = 0;
  #recent: Chunk[] = [];

  constructor(copy: StateCopy) {
    this.#copy = copy;
    this.#pieces = copy.pieces();
  }

  /** `length` bytes from `offset` on, all of which the copy has. */
  read(offset: number, length: number): Uint8Array {
    const again = this.#recent.find((chunk) => chunk.offset === offset && chunk.bytes.length === length);
    if (again !== undefined) return again.bytes;
    if (offset !== this.#offset) this.#moveTo(offset);
    const bytes = this.#take(length);
    this.#recent = [...this.#recent, { offset, bytes }].slice(-KEPT_CHUNKS);
    return bytes;
  }

  /** Pieces come in order only, so what lies behind is reached from the beginning. */
  #moveTo(offset: number): void {
    if (offset < this.#offset) {
      this.#pieces = this.#copy.pieces();
      this.#rest = EMPTY_BYTES;
      this.#offset = 0;
    }
    while (this.#offset < offset) {
      const skipped = this.#next().subarray(0, offset - this.#offset);
      this.#rest = this.#rest.subarray(skipped.length);
      this.#offset += skipped.length;
    }
  }

  #take(length: number): Uint8Array {
    const writer = new ByteWriter(length);
    while (writer.length < length) {
      const part = this.#next().subarray(0, length - writer.length);
      writer.raw(part);
      this.#rest = this.#rest.subarray(part.length);
    }
    this.#offset += length;
    return writer.finish();
  }

  /** What comes next, not empty and not taken yet. */
  #next(): Uint8Array {
    while (this.#rest.length === 0) {
      const piece = this.#pieces.next();
      assert(piece.done !== true, 'a copy ends before its size', { index: this.#copy.index, offset: this.#offset });
      this.#rest = piece.value;
    }
    return this.#rest;
  }
}
