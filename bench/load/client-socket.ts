/**
 * One connection of a client that asks, waits for the answer, and asks again. Every protocol measured here goes through
 * this, so that a request costs the load generator the same whatever system it is for.
 */
import { connect, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Decoded<Reply> {
  /** Bytes that were taken from the front. */
  readonly length: number;
  /** The answer, if these bytes complete it. */
  readonly reply?: Reply;
  /** What the protocol wants sent at once, be it an answer to a ping. */
  readonly respond?: Uint8Array;
}

/** Takes one message at a time off what was received. It may keep state: it belongs to one connection. */
export interface Decoder<Reply> {
  /** Undefined while the message at the front is not whole. @throws Error if the bytes cannot be a message. */
  decode(bytes: Buffer): Decoded<Reply> | undefined;
}

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const NOTHING = Buffer.alloc(0);
const CONNECT_TIMEOUT_MS = 10_000;

export class ClientSocket<Reply> {
  readonly #socket: Socket;
  readonly #decoder: Decoder<Reply>;
  #received: Buffer = NOTHING;
  #waiting: Waiting<Reply> | undefined;
  #broken: Error | undefined;

  private constructor(socket: Socket, decoder: Decoder<Reply>) {
    this.#socket = socket;
    this.#decoder = decoder;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the server closed the connection')));
  }

  static async open<Reply>({ host, port }: Address, decoder: Decoder<Reply>): Promise<ClientSocket<Reply>> {
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => socket.destroy(new Error(`no connection to ${host}:${port}`)), CONNECT_TIMEOUT_MS);
      socket.once('connect', resolve).once('error', reject);
      socket.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late));
    });
    socket.removeAllListeners();
    return new ClientSocket(socket, decoder);
  }

  /** One request at a time. @throws Error when the connection ends or what comes is no answer. */
  ask(request: Uint8Array): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== undefined) throw new Error('a request is under way on this connection');
      if (this.#broken !== undefined) throw this.#broken;
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  /** Nothing can be asked any more: a server ends connections that it was not asked on for a while. */
  get isOver(): boolean {
    return this.#broken !== undefined;
  }

  close(): void {
    this.#broken = new Error('the connection was closed');
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    try {
      while (this.#received.length > 0 && this.#takeMessage());
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
  }

  #takeMessage(): boolean {
    const decoded = this.#decoder.decode(this.#received);
    if (decoded === undefined) return false;
    const { length, reply, respond } = decoded;
    this.#received = length === this.#received.length ? NOTHING : this.#received.subarray(length);
    if (respond !== undefined) this.#socket.write(respond);
    if (reply !== undefined) this.#answer(reply);
    return true;
  }

  #answer(reply: Reply): void {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new Error('an answer came that nobody asked for');
    this.#waiting = undefined;
    waiting.resolve(reply);
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
  }
}
