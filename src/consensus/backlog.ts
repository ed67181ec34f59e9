/** What a leader has appended and not committed yet, in bytes: the measure of how far its followers are behind. */

export class Backlog {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #batches: { readonly last: number; readonly bytes: number }[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A single batch is let in however large it is, or it never would be. */
  admits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
  }

  appended(last: number, bytes: number): void {
    this.#batches.push({ last, bytes });
    this.#bytes += bytes;
  }

  committed(index: number): void {
    while ((this.#batches[0]?.last ?? Number.POSITIVE_INFINITY) <= index) {
      this.#bytes -= this.#batches.shift()?.bytes ?? 0;
    }
  }
}
