/**
 * A proxy for TCP connections to one address that can hold back, delay and break them, each direction by itself. What it
 * holds back it keeps, as a network does whose packets are lost and sent again: nothing inside a connection gets lost, and
 * everything arrives in the end, unless the connection is broken.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CausewayError } from '../../base/errors.js';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** `forth` is from those who connect to the address behind the proxy. */
export type Direction = 'forth' | 'back';

interface Flow {
  isHeld: boolean;
  delayMs: number;
  readonly lanes: Set<Lane>;
}

const HOST = '127.0.0.1';

export class TcpLink {
  readonly #target: TcpAddress;
  readonly #server: Server;
  readonly #flows: Readonly<Record<Direction, Flow>> = { forth: openFlow(), back: openFlow() };
  readonly #sockets = new Set<Socket>();
  #isRefusing = false;

  private constructor(target: TcpAddress) {
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(target: TcpAddress): Promise<TcpLink> {
    const link = new TcpLink(target);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen({ host: HOST, port: 0 }, resolve);
    });
    return link;
  }

  /** Where to connect to. */
  get address(): TcpAddress {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      throw new CausewayError('internal-error', 'a link that is closed has no address');
    }
    return { host: HOST, port: address.port };
  }

  /** Nothing gets through in this direction, the end of connections included, until `heal`. */
  hold(direction: Direction): void {
    this.#flows[direction].isHeld = true;
  }

  /** Each byte takes this much longer, in both directions, in order. */
  delay(delayMs: number): void {
    for (const flow of Object.values(this.#flows)) flow.delayMs = delayMs;
  }

  /** Breaks every connection, and each new one at once, until `heal`. */
  sever(): void {
    this.#isRefusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isRefusing = false;
    for (const flow of Object.values(this.#flows)) {
      flow.isHeld = false;
      flow.delayMs = 0;
      for (const lane of flow.lanes) lane.pump();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    if (this.#isRefusing) {
      near.destroy();
      return;
    }
    const far = connect(this.#target);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // An error is followed by the end of the connection, which is passed on.
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#sockets.add(socket);
    }
    startLane(near, far, this.#flows.forth);
    startLane(far, near, this.#flows.back);
  }
}

function openFlow(): Flow {
  return { isHeld: false, delayMs: 0, lanes: new Set() };
}

function startLane(source: Socket, sink: Socket, flow: Flow): void {
  const lane = new Lane(source, sink, flow);
  flow.lanes.add(lane);
  sink.once('close', () => flow.lanes.delete(lane));
}

interface Parcel {
  readonly dueMs: number;
  readonly content: Buffer | 'end';
}

/** More than this is left to wait in the sender's socket. */
const KEPT_MAX_BYTES = 1024 * 1024;

/** One direction of one connection. */
class Lane {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #flow: Flow;
  readonly #parcels: Parcel[] = [];
  #keptBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, flow: Flow) {
    this.#source = source;
    this.#sink = sink;
    this.#flow = flow;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.once('close', () => this.#take('end'));
    sink.on('drain', () => this.pump());
    sink.once('close', () => clearTimeout(this.#timer));
  }

  /** Hands on what is due, unless it is held back. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#flow.isHeld && !this.#sink.writableNeedDrain) {
      const parcel = this.#parcels[0];
      if (parcel === undefined) break;
      const leftMs = this.#flow.delayMs === 0 ? 0 : parcel.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.pump(), leftMs);
        break;
      }
      this.#parcels.shift();
      if (parcel.content === 'end') this.#sink.destroySoon();
      else this.#hand(parcel.content);
    }
    if (this.#keptBytes <= KEPT_MAX_BYTES) this.#source.resume();
  }

  #take(content: Buffer | 'end'): void {
    this.#parcels.push({ dueMs: performance.now() + this.#flow.delayMs, content });
    if (content !== 'end') this.#keptBytes += content.length;
    if (this.#keptBytes > KEPT_MAX_BYTES) this.#source.pause();
    this.pump();
  }

  #hand(content: Buffer): void {
    this.#keptBytes -= content.length;
    this.#sink.write(content);
  }
}
