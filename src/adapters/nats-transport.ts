/**
 * The transport port over NATS core subjects: `causeway.<cluster>.all` for broadcasts, `causeway.<cluster>.to.<id>` for
 * one member. Opens one session after the other for ever, tries its servers in turn, and starts without any.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '@nats-io/transport-node';
import { assert } from '../base/assert.js';
import { CausewayError } from '../base/errors.js';
import type { ClusterId, ReplicaId } from '../base/ids.js';
import type { Trace } from '../ports/trace.js';
import type { Transport, TransportStatus } from '../ports/transport.js';
import { DropReport } from './drop-report.js';
import { EMBEDDED_BROKER_NAME } from './embedded-broker-name.js';
import { type NatsServerInfo, probeNats } from './nats-probe.js';
import { type NatsSession, openSession, subjects } from './nats-session.js';
import { type NatsAddress, parseNatsUrl } from './nats-url.js';

export interface NatsTransportOptions {
  /** `nats://` or `tls://` addresses, tried in turn. Servers they gossip about are not used. */
  readonly servers: readonly string[];
  readonly cluster: ClusterId;
  readonly self: ReplicaId;
  readonly trace?: Trace;
}

const PROBE_TIMEOUT_MS = 2_000;
/** Between attempts; the jitter keeps replicas from returning to a restarted server in step. */
const RETRY_WAIT_MS = 100;
const RETRY_JITTER_MS = 150;
/** A server that refuses our credentials or subjects is asked less often. */
const REFUSED_WAIT_MS = 2_000;

/**
 * Resolves once every server was tried or one was reached, whichever is first, so a replica starts without NATS as
 * well; `status()` tells. @throws CausewayError `invalid-config` for an address that is none.
 */
export async function connectNats(options: NatsTransportOptions): Promise<Transport> {
  const addresses = options.servers.map(parseNatsUrl);
  if (addresses.length === 0) throw new CausewayError('invalid-config', 'no NATS server address is given');
  const transport = new NatsTransport(options, addresses);
  await transport.start();
  return transport;
}

class NatsTransport implements Transport {
  readonly #options: NatsTransportOptions;
  readonly #addresses: readonly NatsAddress[];
  readonly #trace: Trace;
  readonly #drops: DropReport;
  readonly #closing = new AbortController();
  readonly #subjectAll: string;
  readonly #subjectOf = new Map<ReplicaId, string>();
  #session: NatsSession | undefined;
  #description = 'nats (not reached yet)';
  #receive: (bytes: Uint8Array) => void = () => undefined;
  #report: (status: TransportStatus) => void = () => undefined;
  readonly #failuresTold = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: NatsTransportOptions, addresses: readonly NatsAddress[]) {
    this.#options = options;
    this.#addresses = addresses;
    this.#trace = options.trace ?? (() => undefined);
    this.#drops = new DropReport(this.#trace);
    this.#subjectAll = subjects.all(options.cluster);
  }

  /** Resolves after the first round of attempts. */
  start(): Promise<void> {
    return new Promise((tried) => {
      this.#running = this.#run(tried);
    });
  }

  send(to: ReplicaId, bytes: Uint8Array): void {
    let subject = this.#subjectOf.get(to);
    if (subject === undefined) {
      subject = subjects.directed(this.#options.cluster, to);
      this.#subjectOf.set(to, subject);
    }
    this.#publish(subject, bytes);
  }

  broadcast(bytes: Uint8Array): void {
    this.#publish(this.#subjectAll, bytes);
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    this.#receive = handler;
  }

  onStatus(handler: (status: TransportStatus) => void): void {
    this.#report = handler;
  }

  status(): TransportStatus {
    return { connected: this.#session !== undefined, description: this.#description };
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#report = () => undefined;
    this.#receive = () => undefined;
    this.#session = undefined;
    this.#closing.abort();
    await session?.close();
    await this.#running;
  }

  #publish(subject: string, bytes: Uint8Array): void {
    const outcome = this.#session?.publish(subject, bytes) ?? 'closed';
    if (outcome === 'over-max-payload' || outcome === 'backlog-full') this.#drops.add(outcome, bytes.length);
  }

  /** Until closed: attempt, serve, attempt again. */
  async #run(tried: () => void): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt += 1) {
      const address = this.#addresses[attempt % this.#addresses.length];
      assert(address !== undefined, 'a transport has an address', { attempt });
      const result = await this.#attempt(address);
      if (result.kind === 'open') this.#enter(result.session, address);
      else this.#traceFailure(address, result.error);
      if (result.kind === 'open' || attempt + 1 >= this.#addresses.length) tried();
      if (result.kind === 'open') await this.#serve(result.session);
      await this.#pause(result.kind === 'failed' && isRefusal(result.error) ? REFUSED_WAIT_MS : RETRY_WAIT_MS);
    }
    tried();
  }

  async #attempt(address: NatsAddress): Promise<Attempt> {
    const { cluster, self } = this.#options;
    const { signal } = this.#closing;
    try {
      // A TLS-only server may wait for the client to speak first, so only plain ones are looked at beforehand.
      if (!address.tls) await probeNats({ ...address, timeoutMs: PROBE_TIMEOUT_MS, signal });
      const receive = (bytes: Uint8Array): void => this.#receive(bytes);
      const session = await openSession({ address, cluster, self, receive, trace: this.#trace });
      return { kind: 'open', session };
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #enter(session: NatsSession, { hostPort }: NatsAddress): void {
    if (this.#closing.signal.aborted) return;
    this.#session = session;
    this.#description = describe(session.info);
    this.#failuresTold.clear();
    this.#trace({ name: 'transport.connected', level: 'info', facts: { hostPort, server: this.#description } });
    this.#report(this.status());
  }

  async #serve(session: NatsSession): Promise<void> {
    if (this.#closing.signal.aborted) await session.close();
    const reason = await session.closed;
    if (this.#closing.signal.aborted) return;
    this.#session = undefined;
    const facts = { reason: reason?.message ?? 'the server hung up or stopped answering' };
    this.#trace({ name: 'transport.disconnected', level: 'warn', facts });
    this.#report(this.status());
  }

  /** Each reason once in an outage: attempts come several times a second. */
  #traceFailure({ hostPort }: NatsAddress, error: Error): void {
    const failure = `${hostPort}: ${error.message}`;
    if (this.#failuresTold.has(failure) || this.#closing.signal.aborted) return;
    this.#failuresTold.add(failure);
    const name = isRefusal(error) ? 'transport.refused' : 'transport.connect-failed';
    this.#trace({ name, level: isRefusal(error) ? 'error' : 'warn', facts: { hostPort, reason: error.message } });
  }

  async #pause(waitMs: number): Promise<void> {
    const jitteredMs = waitMs + Math.random() * RETRY_JITTER_MS;
    await sleep(jitteredMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}

type Attempt =
  | { readonly kind: 'open'; readonly session: NatsSession }
  | { readonly kind: 'failed'; readonly error: Error };

function isRefusal(error: Error): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.PermissionViolationError;
}

function describe(info: NatsServerInfo): string {
  return info.server_name === EMBEDDED_BROKER_NAME ? 'embedded' : `nats-server ${info.version}`;
}
