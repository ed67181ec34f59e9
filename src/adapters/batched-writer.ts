/**
 * What a socket is to send, gathered until the turn ends and then written at once: small pieces are copied into
 * blocks, large ones go out where they lie. Whoever uses it calls `flush`; much is flushed without being asked.
 */
import type { Socket } from 'node:net';

const BLOCK_BYTES = 32 * 1024;
/** Up to this size copying a piece costs less than handing it to the kernel by itself. */
const COPY_MAX_BYTES = 4 * 1024;
/** Waiting for the end of the turn with more than this gains nothing and would look like a backlog. */
const UNFLUSHED_MAX_BYTES = 128 * 1024;

export class BatchedWriter {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #block: Buffer = Buffer.alloc(0);
  #blockStart = 0;
  #blockEnd = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that neither the kernel nor the peer has taken yet. */
  get backlogBytes(): number {
    return this.#piecesBytes + (this.#blockEnd - this.#blockStart) + this.#socket.writableLength;
  }

  /** `text` has one byte for each character. */
  latin1(text: string): void {
    if (text.length > COPY_MAX_BYTES) {
      this.bytes(Buffer.from(text, 'latin1'));
      return;
    }
    this.#makeRoom(text.length);
    this.#blockEnd += this.#block.write(text, this.#blockEnd, 'latin1');
  }

  /** The caller never changes `piece` afterwards. */
  bytes(piece: Buffer): void {
    if (piece.length > COPY_MAX_BYTES) {
      this.#sealBlock();
      this.#addPiece(piece);
      return;
    }
    this.#makeRoom(piece.length);
    this.#blockEnd += piece.copy(this.#block, this.#blockEnd);
  }

  flush(): void {
    this.#sealBlock();
    this.#writeOut();
  }

  #writeOut(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#piecesBytes = 0;
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #makeRoom(bytes: number): void {
    if (this.#blockEnd + bytes <= this.#block.length) return;
    this.#sealBlock();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  /** What the block holds becomes a piece; the rest of the block goes on being filled. */
  #sealBlock(): void {
    if (this.#blockEnd === this.#blockStart) return;
    this.#addPiece(this.#block.subarray(this.#blockStart, this.#blockEnd));
    this.#blockStart = this.#blockEnd;
  }

  #addPiece(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
    if (this.#piecesBytes > UNFLUSHED_MAX_BYTES) this.#writeOut();
  }
}
