/**
 * One connection to one NATS server, from its handshake to its end. It never reconnects: the transport opens the next
 * session, so nothing that was meant for a dead server can pile up in a client.
 */
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { ClusterId, ReplicaId } from '../base/ids.js';
import type { Trace } from '../ports/trace.js';
import type { NatsServerInfo } from './nats-probe.js';
import type { NatsAddress, NatsCredentials } from './nats-url.js';
import { OutboundWindow } from './outbound-window.js';

export interface SessionOptions {
  readonly address: NatsAddress;
  readonly cluster: ClusterId;
  readonly self: ReplicaId;
  readonly receive: (bytes: Uint8Array) => void;
  readonly trace: Trace;
}

/** What became of one message; only `sent` may arrive. */
type PublishOutcome = 'sent' | 'over-max-payload' | 'backlog-full' | 'closed';

export interface NatsSession {
  readonly info: NatsServerInfo;
  publish(subject: string, bytes: Uint8Array): PublishOutcome;
  /** Settles when the connection is gone, with the reason if there was one. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Waits a moment for what is buffered to reach the server, then disconnects. */
  close(): Promise<void>;
}

/** Handshake and subscriptions together; a healthy server takes milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 2_000;
/** Two unanswered pings and the third tick ends the connection: a dead server is noticed in 2 to 3 seconds. */
const PING_INTERVAL_MS = 1_000;
const PINGS_OUT_MAX = 2;
const CLOSE_FLUSH_TIMEOUT_MS = 1_000;
/** A small message that keeps a large receive buffer alive is copied out of it. */
const COPY_WHEN_BUFFER_IS_TIMES_LARGER = 4;

export const subjects = {
  all: (cluster: ClusterId): string => `causeway.${cluster}.all`,
  directed: (cluster: ClusterId, to: ReplicaId): string => `causeway.${cluster}.to.${to}`,
} as const;

/** Resolves when the server has confirmed the subscriptions. @throws Error when it cannot be used now. */
export async function openSession(options: SessionOptions): Promise<NatsSession> {
  const { address, self, trace } = options;
  const connection = await connect({
    servers: [address.hostPort],
    name: `causeway ${self}`,
    noEcho: true,
    reconnect: false,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    timeout: HANDSHAKE_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_OUT_MAX,
    ...(address.tls ? { tls: {} } : {}),
    ...credentialOptions(address.credentials),
  });
  void watchStatus(connection, trace);
  try {
    const refusal = subscribe(connection, options);
    const ended = connection.closed().then((error) => Promise.reject(error ?? new Error('the server hung up')));
    await within(HANDSHAKE_TIMEOUT_MS, Promise.race([connection.flush(), refusal, ended]), 'no answer to a ping');
    if (connection.info === undefined) throw new Error('the server hung up');
    return sessionOver(connection, connection.info);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function sessionOver(connection: NatsConnection, info: NatsServerInfo): NatsSession {
  const window = new OutboundWindow(() => connection.flush());
  return {
    info,
    publish(subject, bytes) {
      const maxBytes = connection.info?.max_payload;
      if (maxBytes === undefined) return 'closed';
      if (bytes.length > maxBytes) return 'over-max-payload';
      if (!window.admit(bytes.length)) return 'backlog-full';
      try {
        connection.publish(subject, bytes);
        return 'sent';
      } catch {
        // The connection died a moment ago and `closed` is about to say so.
        return 'closed';
      }
    },
    closed: connection.closed().then((error) => error ?? undefined),
    async close() {
      if (connection.isClosed()) return;
      await within(CLOSE_FLUSH_TIMEOUT_MS, connection.flush(), 'flush').catch(() => undefined);
      await connection.close();
    },
  };
}

/** Returns a promise that rejects if the server refuses a subscription, and otherwise never settles. */
function subscribe(connection: NatsConnection, { cluster, self, receive }: SessionOptions): Promise<never> {
  return new Promise((_, reject) => {
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) deliver(message.data, receive);
      else {
        // Connected but deaf is worse than disconnected: end the session.
        reject(error);
        void connection.close();
      }
    };
    connection.subscribe(subjects.all(cluster), { callback });
    connection.subscribe(subjects.directed(cluster, self), { callback });
  });
}

function deliver(data: Uint8Array, receive: (bytes: Uint8Array) => void): void {
  const { buffer, byteOffset, length } = data;
  const isSmallPart = buffer.byteLength > length * COPY_WHEN_BUFFER_IS_TIMES_LARGER;
  try {
    // Never a Buffer, as the client may hand out: its `slice` would not copy.
    receive(isSmallPart ? new Uint8Array(data) : new Uint8Array(buffer, byteOffset, length));
  } catch (error) {
    // The client would swallow it and stop reading; a bug in the receiver must end the process.
    queueMicrotask(() => {
      throw error;
    });
  }
}

async function watchStatus(connection: NatsConnection, trace: Trace): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'error') {
      trace({ name: 'transport.server-error', level: 'warn', facts: { reason: status.error.message } });
    }
    // By itself the client first waits for its last write, which a hung server never takes.
    if (status.type === 'staleConnection') void connection.close();
  }
}

function credentialOptions(credentials: NatsCredentials): { token?: string; user?: string; pass?: string } {
  if (credentials.kind === 'token') return { token: credentials.token };
  return credentials.kind === 'password' ? { user: credentials.user, pass: credentials.password } : {};
}

async function within<T>(timeoutMs: number, work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
