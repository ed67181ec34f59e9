/**
 * A broker that speaks the core NATS protocol, for machines without nats-server: same client, same subjects, one
 * process. No authorization, no TLS, no persistence, no cluster; it is meant for loopback.
 */
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { CausewayError } from '../base/errors.js';
import { BrokerConnection } from './broker-connection.js';
import { Router } from './broker-router.js';
import { EMBEDDED_BROKER_NAME } from './embedded-broker-name.js';

export interface EmbeddedBrokerOptions {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port?: number;
  readonly payloadMaxBytes?: number;
  /** What may wait for one client before it is hung up on as too slow. */
  readonly backlogMaxBytes?: number;
  readonly pingIntervalMs?: number;
}

export interface EmbeddedBroker {
  readonly url: string;
  readonly port: number;
  /** Hangs up on every client and frees the port. */
  close(): Promise<void>;
}

/** The protocol level and features that this broker offers are those of this nats-server. */
const PROTOCOL_OF_VERSION = '2.9.0';
const PAYLOAD_MAX_BYTES = 1024 * 1024;
const BACKLOG_MAX_BYTES = 64 * 1024 * 1024;
const PING_INTERVAL_MS = 10_000;

/** @throws CausewayError `port-in-use` when another process listens there. */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { host = '127.0.0.1', port = 0, pingIntervalMs = PING_INTERVAL_MS } = options;
  const broker = new Broker(options);
  const server = createServer((socket) => broker.accept(socket));
  const bound = await listen(server, host, port);
  const pings = setInterval(() => broker.checkAlive(), pingIntervalMs);
  return {
    url: `nats://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    close() {
      clearInterval(pings);
      return new Promise((resolve) => {
        server.close(() => resolve());
        broker.close();
      });
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      const detail = inUse ? `another process listens on ${host}:${port}` : `${host}:${port}: ${error.message}`;
      reject(new CausewayError(inUse ? 'port-in-use' : 'transport-failed', detail));
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address);
    });
  });
}

class Broker {
  readonly #payloadMaxBytes: number;
  readonly #backlogMaxBytes: number;
  readonly #serverId = randomBytes(16).toString('hex').toUpperCase();
  readonly #router = new Router();
  readonly #connections = new Set<BrokerConnection>();
  #unflushed = new Set<BrokerConnection>();
  #clients = 0;

  constructor(options: EmbeddedBrokerOptions) {
    this.#payloadMaxBytes = options.payloadMaxBytes ?? PAYLOAD_MAX_BYTES;
    this.#backlogMaxBytes = options.backlogMaxBytes ?? BACKLOG_MAX_BYTES;
  }

  accept(socket: Socket): void {
    this.#clients += 1;
    const connection = new BrokerConnection(
      {
        socket,
        router: this.#router,
        payloadMaxBytes: this.#payloadMaxBytes,
        backlogMaxBytes: this.#backlogMaxBytes,
        requestFlush: (asking) => this.#requestFlush(asking),
        onClose: (closed) => this.#connections.delete(closed),
      },
      this.#infoFor(socket),
    );
    this.#connections.add(connection);
  }

  checkAlive(): void {
    for (const connection of [...this.#connections]) connection.checkAlive();
  }

  close(): void {
    for (const connection of [...this.#connections]) connection.end();
  }

  /** All that one turn of the event loop writes, for whichever clients, goes out at its end. */
  #requestFlush(connection: BrokerConnection): void {
    if (this.#unflushed.size === 0) setImmediate(() => this.#flush());
    this.#unflushed.add(connection);
  }

  #flush(): void {
    const connections = this.#unflushed;
    this.#unflushed = new Set();
    for (const connection of connections) connection.flush();
  }

  #infoFor(socket: Socket): Readonly<Record<string, unknown>> {
    return {
      server_id: this.#serverId,
      server_name: EMBEDDED_BROKER_NAME,
      version: PROTOCOL_OF_VERSION,
      go: 'none',
      proto: 1,
      host: socket.localAddress,
      port: socket.localPort,
      headers: true,
      max_payload: this.#payloadMaxBytes,
      client_id: this.#clients,
      client_ip: socket.remoteAddress,
    };
  }
}
