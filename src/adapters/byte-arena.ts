/**
 * Copies bytes out of a buffer that its owner will overwrite. An array buffer of its own for every small value costs
 * more than the read that fetched it, so small copies share one; a copy kept for long therefore keeps its page too.
 */

const PAGE_BYTES = 8 * 1024;
const SHARED_MAX_BYTES = 2 * 1024;

/** Copies out of one source at a time; give each source an arena of its own. */
export class ByteArena {
  #page = new ArrayBuffer(PAGE_BYTES);
  #used = 0;
  #view: Uint8Array = new Uint8Array(0);

  /** A copy of bytes `[start, end)` of `source`, which may lie about its length and be of any subclass. */
  copy(source: Uint8Array, start: number, end: number): Uint8Array {
    if (source.buffer !== this.#view.buffer) this.#view = new Uint8Array(source.buffer);
    const target = this.#allocate(end - start);
    const from = source.byteOffset + start;
    target.set(this.#view.subarray(from, from + target.length));
    return target;
  }

  #allocate(length: number): Uint8Array {
    if (length > SHARED_MAX_BYTES) return new Uint8Array(length);
    if (this.#used + length > PAGE_BYTES) {
      this.#page = new ArrayBuffer(PAGE_BYTES);
      this.#used = 0;
    }
    const target = new Uint8Array(this.#page, this.#used, length);
    this.#used += length;
    return target;
  }
}
