/**
 * The front: the first to read what comes over a connection. Requests that it understands - see `plain-request.ts` - go
 * straight to their routes, by the same gate and with the same answers as all others; they cost about half of what they
 * cost over Node's and the framework's request objects. At the first request that it does not understand it hands the
 * connection over to Node, with all that is still unread, for good.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Role } from '../auth.js';
import { Exchange } from '../exchange.js';
import { admit } from '../gate.js';
import { answerWith, type Route } from '../serve.js';
import type { Service } from '../service.js';
import { PlainAnswer } from './plain-answer.js';
import { isNoRequest, type PlainRequest, PlainRequestReader } from './plain-request.js';

/** What answers one method of `/v1/kv/{key}`. */
export interface FrontRoute {
  /** For metrics. */
  readonly name: string;
  readonly role: Role;
  readonly route: Route;
}

export type FrontRoutes = Readonly<Record<PlainRequest['method'], FrontRoute>>;

/** More than this from a client that does not wait for answers stays in the kernel. */
const UNREAD_MAX_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export class Front {
  readonly service: Service;
  readonly routes: FrontRoutes;
  readonly #server: Server;
  readonly #node: (socket: Socket) => void;
  readonly #connections = new Set<FrontConnection>();

  /** Puts itself before whatever takes the connections of `server` now. */
  constructor(server: Server, service: Service, routes: FrontRoutes) {
    this.service = service;
    this.routes = routes;
    this.#server = server;
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
    this.#node = (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      this.#connections.add(new FrontConnection(this, socket));
    });
  }

  get keepAliveMs(): number {
    return this.#server.keepAliveTimeout;
  }

  handOver(connection: FrontConnection, socket: Socket, unread: Buffer): void {
    this.#connections.delete(connection);
    this.#node(socket);
    if (unread.length > 0) socket.emit('data', unread);
  }

  forget(connection: FrontConnection): void {
    this.#connections.delete(connection);
  }

  /** End the connections on which no answer is due. */
  closeIdle(): void {
    for (const connection of this.#connections) connection.closeIfIdle();
  }

  /** End all connections. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }
}

class FrontConnection {
  readonly #front: Front;
  readonly #socket: Socket;
  readonly #reader = new PlainRequestReader();
  #unread: Buffer = NOTHING;
  /** The answer that is due. */
  #due: PlainAnswer | undefined;
  #isServing = false;
  #isEnding = false;

  constructor(front: Front, socket: Socket) {
    this.#front = front;
    this.#socket = socket;
    socket.on('data', this.#receive);
    socket.on('end', this.#finish);
    socket.on('close', this.#closed);
    socket.on('timeout', this.#expire);
    // What is wrong with a socket closes it; nobody is left to be told.
    socket.on('error', ignore);
    socket.setTimeout(front.keepAliveMs);
  }

  closeIfIdle(): void {
    if (this.#due === undefined) this.#socket.destroy();
  }

  cut(): void {
    this.#socket.destroy();
  }

  readonly #receive = (bytes: Buffer): void => {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    if (this.#due === undefined) this.#serveUnread();
    else this.#judgeUnread();
  };

  /** One after the other: a client that does not wait gets its answers in the order of its requests. */
  #serveUnread(): void {
    this.#isServing = true;
    while (this.#unread.length > 0 && this.#due === undefined && !this.#isEnding) {
      if (this.#socket.writableNeedDrain) {
        this.#waitForReader();
        break;
      }
      const found = this.#reader.read(this.#unread);
      if (found === undefined) {
        this.#handOver();
        return;
      }
      this.#unread = found.length === this.#unread.length ? NOTHING : this.#unread.subarray(found.length);
      this.#serve(found.request);
    }
    this.#isServing = false;
    this.#judgeUnread();
  }

  /** A client that asks and does not read what it is answered is asked to wait. */
  #waitForReader(): void {
    this.#socket.pause();
    this.#socket.once('drain', this.#goOn);
  }

  /** What comes while an answer is due waits for it. */
  #judgeUnread(): void {
    if (this.#due === undefined) return;
    // An answer to what is no request would be taken for the one that is due.
    if (isNoRequest(this.#unread)) this.#socket.destroy();
    else if (this.#unread.length > UNREAD_MAX_BYTES) this.#socket.pause();
  }

  #serve(request: PlainRequest): void {
    const { service, routes, keepAliveMs } = this.#front;
    const answer = new PlainAnswer({ socket: this.#socket, keepAliveMs, sent: this.#sent });
    this.#due = answer;
    const { name, role, route } = routes[request.method];
    const exchange = new Exchange(service, request, answer);
    if (!admit(exchange, role)) return;
    exchange.route = name;
    answerWith(exchange, route);
  }

  readonly #sent = (isLast: boolean): void => {
    this.#due = undefined;
    if (isLast) {
      this.#isEnding = true;
      this.#unread = NOTHING;
      this.#socket.destroySoon();
    } else if (this.#unread.length > 0 && !this.#isServing) {
      setImmediate(this.#goOn);
    }
  };

  readonly #goOn = (): void => {
    if (this.#due !== undefined || this.#socket.destroyed) return;
    this.#socket.resume();
    this.#serveUnread();
  };

  #handOver(): void {
    const socket = this.#socket;
    const unread = this.#unread;
    this.#unread = NOTHING;
    socket.off('data', this.#receive).off('end', this.#finish).off('close', this.#closed);
    socket.off('timeout', this.#expire).off('error', ignore);
    socket.setTimeout(0);
    this.#front.handOver(this, socket, unread);
  }

  /** The client sends nothing more. As with Node, it does not wait for answers either. */
  readonly #finish = (): void => {
    this.#socket.end();
  };

  readonly #closed = (): void => {
    this.#front.forget(this);
    this.#due?.closed();
    this.#due = undefined;
  };

  readonly #expire = (): void => {
    if (this.#due === undefined) this.#socket.destroy();
  };
}

function ignore(): void {}
