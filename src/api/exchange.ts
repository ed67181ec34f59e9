/**
 * One request and its one answer. Every answer of the API leaves through `send`, so that the headers all of them carry,
 * the durations and the count of requests in flight are right without any route having to think of it.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CausewayError } from '../base/errors.js';
import { encodeToken, tokenFits } from '../clocks/causal-token.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { RequestContext, Timing } from '../replica/request-types.js';
import { parseConsistency } from './consistency-header.js';
import { HttpRequestContext, requestedVector, SERVED_LEVELS, tokenHeader } from './request-context.js';
import type { Service } from './service.js';

/** What a route answers. `headers` are names and values in turn; they are the exchange's to extend. */
export interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: string | Uint8Array | undefined;
}

const NO_TIME: Timing = { waitMs: 0, storeMs: 0 };
/** A vector of so few entries fits into a token for certain. */
const SURELY_FITTING_ENTRIES = 16;

export class Exchange {
  readonly service: Service;
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  /** Pattern of the route, for metrics; set when it is known. */
  route = 'none';
  /** The level the request names, known before it is known to be served. */
  askedLevel: string | undefined;
  context: RequestContext | undefined;
  timing: Timing = NO_TIME;
  /** Bytes admitted for the body; undefined if the request does not count as in flight. */
  admittedBytes: number | undefined;
  /** No further request can be read from this connection. */
  mustClose = false;
  readonly #startedMs = performance.now();
  #token: string | undefined;

  constructor(service: Service, request: FastifyRequest, reply: FastifyReply) {
    this.service = service;
    this.request = request;
    this.response = reply.raw;
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** The causal token of the answer as text; encoded once. */
  get token(): string {
    this.#token ??= this.#requestTokenOrEmpty();
    return this.#token;
  }

  /**
   * What the request says of its consistency; from then on the answer names the level. `parameter` is the query's
   * `consistency`.
   *
   * @throws CausewayError `invalid-consistency-level`, `level-not-offered`, `invalid-causal-token`
   */
  openContext(parameter: string | undefined): RequestContext {
    const header = this.headers['consistency-level'];
    const { level, timeoutMs } = parseConsistency(typeof header === 'string' ? header : undefined, parameter);
    this.askedLevel = level;
    if (level === 'linearizable') {
      const detail = 'This replica runs without a consensus module and cannot order requests linearizably.';
      throw new CausewayError('level-not-offered', detail, { served: SERVED_LEVELS });
    }
    const vector = requestedVector(this.service.replica, tokenHeader(this.headers));
    this.context = new HttpRequestContext(level, timeoutMs, vector, this.response);
    return this.context;
  }

  /** What the answer depends on, and where its time went. */
  dependsOn(vector: VersionVector, timing: Timing): void {
    this.timing = timing;
    const sent = vector === this.context?.token ? tokenHeader(this.headers) : undefined;
    this.#token = sent ?? this.#encode(vector);
  }

  send(answer: Answer): void {
    const { service, response, context } = this;
    const { headers, body } = answer;
    const totalMs = this.elapsedMs;
    if (context !== undefined) headers.push('Consistency-Level', context.level);
    headers.push('Causal-Token', this.token, 'Served-By', service.replica.id);
    headers.push('Server-Timing', serverTiming(this.timing, totalMs));
    if (body !== undefined) headers.push('Content-Length', String(Buffer.byteLength(body)));
    if (this.mustClose || service.closing) headers.push('Connection', 'close');
    this.#settle(answer.status, totalMs);
    if (response.headersSent || response.destroyed) return;
    response.writeHead(answer.status, headers);
    response.end(body);
  }

  /** The client is gone: nothing is sent, and only the books are kept. */
  abandon(): void {
    this.#settle(CLIENT_GONE, this.elapsedMs);
  }

  #settle(status: number, totalMs: number): void {
    const { traffic } = this.service;
    if (this.admittedBytes !== undefined) traffic.release(this.admittedBytes);
    this.admittedBytes = undefined;
    const level = this.context?.level ?? this.askedLevel ?? 'none';
    traffic.record(this.route, this.request.method, status, level, totalMs / 1000);
  }

  #requestTokenOrEmpty(): string {
    const text = tokenHeader(this.headers);
    if (text === undefined) return this.service.emptyToken;
    try {
      requestedVector(this.service.replica, text);
      return text;
    } catch (error) {
      if (error instanceof CausewayError) return this.service.emptyToken;
      throw error;
    }
  }

  #encode(vector: VersionVector): string {
    if (vector.size === 0) return this.service.emptyToken;
    const { clusterId } = this.service.replica;
    if (vector.size > SURELY_FITTING_ENTRIES && !tokenFits(clusterId, vector)) {
      throw new CausewayError('internal-error', `What the answer depends on has ${vector.size} origins, too many.`);
    }
    return encodeToken(clusterId, vector);
  }
}

/** What proxies log for a request whose client did not wait; never sent. */
const CLIENT_GONE = 499;

function serverTiming(timing: Timing, totalMs: number): string {
  return `wait;dur=${hundredths(timing.waitMs)}, log;dur=0, store;dur=${hundredths(timing.storeMs)}, total;dur=${hundredths(totalMs)}`;
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
