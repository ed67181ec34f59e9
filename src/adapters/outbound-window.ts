/**
 * Bounds what may be on its way to a server that has stopped taking it. The client writes to its socket without ever
 * looking at how much the socket still holds; a ping travels behind the bytes, so its answer proves they left.
 */

/** Bytes that may be unconfirmed at once. */
const WINDOW_BYTES = 32 * 1024 * 1024;
/** A ping goes out after this many bytes. */
const STRIDE_BYTES = 256 * 1024;
/** What a message costs besides its payload, roughly. */
const MESSAGE_OVERHEAD_BYTES = 64;

export class OutboundWindow {
  readonly #flush: () => Promise<void>;
  #sentBytes = 0;
  #markedBytes = 0;
  #confirmedBytes = 0;

  /** @param flush sends a ping behind everything sent so far; resolves with its answer. */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  /** Whether a message of this size may be sent now; if so it counts as sent. */
  admit(payloadBytes: number): boolean {
    if (this.#sentBytes - this.#confirmedBytes >= WINDOW_BYTES) return false;
    if (this.#sentBytes - this.#markedBytes >= STRIDE_BYTES) this.#mark();
    this.#sentBytes += payloadBytes + MESSAGE_OVERHEAD_BYTES;
    return true;
  }

  #mark(): void {
    const upTo = this.#sentBytes;
    this.#markedBytes = upTo;
    const confirm = (): void => {
      this.#confirmedBytes = Math.max(this.#confirmedBytes, upTo);
    };
    // A failed ping means the connection is gone, and this window with it.
    this.#flush().then(confirm, () => undefined);
  }
}
