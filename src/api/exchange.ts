/**
 * One request and its one answer. Every answer of the API leaves through `send`, so that the headers all of them carry,
 * the durations and the count of requests in flight are right without any route having to think of it.
 */
import { type IncomingHttpHeaders, ServerResponse } from 'node:http';
import { assert } from '../base/assert.js';
import { CausewayError } from '../base/errors.js';
import { tokenFits } from '../clocks/causal-token.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Timing } from '../replica/request-types.js';
import { parseConsistency } from './consistency-header.js';
import type { AnswerSink, ReceivedRequest } from './received.js';
import { HttpRequestContext, type LevelContext, requestedVector, tokenHeader } from './request-context.js';
import { orderedReplica, WEAK_LEVELS } from './served-levels.js';
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
  readonly request: ReceivedRequest;
  readonly response: AnswerSink;
  /** Pattern of the route, for metrics; set when it is known. */
  route = 'none';
  /** The level the request names, known before it is known to be served. */
  askedLevel: string | undefined;
  context: LevelContext | undefined;
  /** What is asked for exists at `linearizable` only. */
  needsOrder = false;
  timing: Timing = NO_TIME;
  /** Bytes admitted for the body; undefined if the request does not count as in flight. */
  admittedBytes: number | undefined;
  /** No further request can be read from this connection. */
  mustClose = false;
  readonly #startedMs = performance.now();
  #token: string | undefined;

  constructor(service: Service, request: ReceivedRequest, response: AnswerSink) {
    this.service = service;
    this.request = request;
    this.response = response;
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
   * `consistency`, `unsaid` the level of a request that names none.
   *
   * @throws CausewayError `invalid-consistency-level`, `level-not-offered`, `invalid-causal-token`
   */
  openContext(parameter: string | undefined, unsaid: 'causal' | 'linearizable' = 'causal'): LevelContext {
    const { replica } = this.service;
    const header = this.headers['consistency-level'];
    const { level, timeoutMs } = parseConsistency(typeof header === 'string' ? header : undefined, parameter, unsaid);
    this.askedLevel = level;
    if (level === 'linearizable') orderedReplica(replica, WEAK_LEVELS);
    const vector = requestedVector(this.service, tokenHeader(this.headers));
    this.context =
      level === 'linearizable'
        ? new HttpRequestContext(level, timeoutMs, vector, this.response)
        : new HttpRequestContext(level, timeoutMs, vector, this.response);
    return this.context;
  }

  /** What the answer depends on, and where its time went. */
  dependsOn(vector: VersionVector, timing: Timing): void {
    this.timing = timing;
    const sent = vector === this.context?.token ? tokenHeader(this.headers) : undefined;
    this.#token = sent ?? this.#encode(vector);
  }

  send(answer: Answer): void {
    const { response } = this;
    const { headers, body } = answer;
    const totalMs = this.elapsedMs;
    this.#addCommon(headers, totalMs);
    if (body !== undefined) headers.push('Content-Length', String(Buffer.byteLength(body)));
    this.#release();
    this.#record(answer.status, totalMs);
    if (response.headersSent || response.destroyed) return;
    response.writeHead(answer.status, headers);
    response.end(body);
  }

  /**
   * Begin a 200 whose body the route writes to the response as it comes. The request counts as in flight until the
   * connection or the body ends; its duration is the time to this point. Undefined if the client is gone.
   */
  beginStream(headers: string[]): ServerResponse | undefined {
    const { response } = this;
    assert(response instanceof ServerResponse, 'only Node can stream', { route: this.route });
    if (response.destroyed) {
      this.abandon();
      return undefined;
    }
    const totalMs = this.elapsedMs;
    this.#addCommon(headers, totalMs);
    this.#record(200, totalMs);
    response.once('close', () => this.#release());
    response.writeHead(200, headers);
    return response;
  }

  /** The client is gone: nothing is sent, and only the books are kept. */
  abandon(): void {
    this.#release();
    this.#record(CLIENT_GONE, this.elapsedMs);
  }

  /** The headers that every answer carries. */
  #addCommon(headers: string[], totalMs: number): void {
    const { service, context } = this;
    if (context !== undefined) headers.push('Consistency-Level', context.level);
    headers.push('Causal-Token', this.token, 'Served-By', service.replica.id);
    headers.push('Server-Timing', serverTiming(this.timing, totalMs));
    if (this.mustClose || service.closing) headers.push('Connection', 'close');
  }

  #release(): void {
    if (this.admittedBytes !== undefined) this.service.traffic.release(this.admittedBytes);
    this.admittedBytes = undefined;
  }

  #record(status: number, totalMs: number): void {
    const level = this.context?.level ?? this.askedLevel ?? 'none';
    this.service.traffic.record(this.route, this.request.method, status, level, totalMs / 1000);
  }

  #requestTokenOrEmpty(): string {
    const text = tokenHeader(this.headers);
    if (text === undefined) return this.service.emptyToken;
    try {
      requestedVector(this.service, text);
      return text;
    } catch (error) {
      if (error instanceof CausewayError) return this.service.emptyToken;
      throw error;
    }
  }

  #encode(vector: VersionVector): string {
    if (vector.size === 0) return this.service.emptyToken;
    const { replica, tokens } = this.service;
    if (vector.size > SURELY_FITTING_ENTRIES && !tokenFits(replica.clusterId, vector)) {
      throw new CausewayError('internal-error', `What the answer depends on has ${vector.size} origins, too many.`);
    }
    return tokens.encode(vector);
  }
}

/** What proxies log for a request whose client did not wait; never sent. */
const CLIENT_GONE = 499;

function serverTiming({ waitMs, logMs = 0, storeMs }: Timing, totalMs: number): string {
  const parts = `wait;dur=${hundredths(waitMs)}, log;dur=${hundredths(logMs)}, store;dur=${hundredths(storeMs)}`;
  return `${parts}, total;dur=${hundredths(totalMs)}`;
}

/** Written once: the text of a fraction takes longer to make than most of what it measures. */
const SHORT_DURATIONS: readonly string[] = Array.from({ length: 1_000 }, (_, count) => String(count / 100));

function hundredths(ms: number): string {
  const count = Math.round(ms * 100);
  return SHORT_DURATIONS[count] ?? String(count / 100);
}
