/**
 * What a request says of its consistency, as the replica wants it: level, time, token, and whether anybody still waits
 * for the answer.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { CausewayError } from '../base/errors.js';
import { tokenFits } from '../clocks/causal-token.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { Replica } from '../replica/handle.js';
import type { OrderedContext } from '../replica/ordered-handle.js';
import type { CallerSignal, RequestContext } from '../replica/request-types.js';
import type { LevelName } from './consistency-header.js';
import type { AnswerSink } from './received.js';
import type { Service } from './service.js';

/** A request that the total order serves. */
export interface LinearizableContext extends OrderedContext {
  readonly level: 'linearizable';
}

export type LevelContext = RequestContext | LinearizableContext;

/** The signal is made when the replica first looks at it: many requests do not wait. */
export class HttpRequestContext<L extends LevelName> {
  readonly level: L;
  readonly timeoutMs: number;
  readonly token: VersionVector;
  readonly #response: AnswerSink;
  #signal: ClientSignal | undefined;

  constructor(level: L, timeoutMs: number, token: VersionVector, response: AnswerSink) {
    this.level = level;
    this.timeoutMs = timeoutMs;
    this.token = token;
    this.#response = response;
  }

  get signal(): CallerSignal {
    this.#signal ??= new ClientSignal(this.#response);
    return this.#signal;
  }
}

/** Aborted when the client is gone before it was answered. */
class ClientSignal implements CallerSignal {
  /** One at a time, mostly: a request waits for one thing after the other. */
  #listeners: (() => void)[] = [];
  #aborted = false;

  constructor(response: AnswerSink) {
    const abort = (): void => {
      if (!response.writableFinished) this.#abort();
    };
    if (response.destroyed) abort();
    else response.once('close', abort);
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.lastIndexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  #abort(): void {
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** The text of the `Causal-Token` header; undefined without one. */
export function tokenHeader(headers: IncomingHttpHeaders): string | undefined {
  const text = headers['causal-token'];
  return typeof text === 'string' ? text : undefined;
}

/**
 * The vector that a token names.
 *
 * @throws CausewayError `invalid-causal-token`; also for one that leaves no room for what the answer would add to it,
 * which no token of this cluster does: better refused here than when the write has happened.
 */
export function requestedVector({ replica, tokens }: Service, text: string | undefined): VersionVector {
  if (text === undefined) return VersionVector.EMPTY;
  const vector = tokens.decode(text);
  if (text.length > ROOMY_CHARS && !leavesRoom(replica, vector)) {
    throw new CausewayError('invalid-causal-token', 'The causal token names origins that this cluster never had.');
  }
  return vector;
}

/** A token this short can take in everything else a cluster has. */
const ROOMY_CHARS = 128;

/** Whether a token can name all this replica knows besides, and a write of its own. */
function leavesRoom(replica: Replica, vector: VersionVector): boolean {
  const { incarnation, vector: known } = replica.status();
  const counter = known.get(incarnation) + 1;
  return tokenFits(replica.clusterId, vector.join(known).with({ origin: incarnation, counter }));
}
