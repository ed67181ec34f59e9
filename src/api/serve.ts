/**
 * From routes as functions to what the framework runs: a route takes an exchange and returns its answer or throws, and
 * here both become what is sent. The only place that turns failures into answers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvariantError } from '../base/assert.js';
import { CausewayError, type ErrorCode } from '../base/errors.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { LogRefusal } from '../replica/log-refusal.js';
import type { Answer, Exchange } from './exchange.js';
import { codedError, internalError, problemAnswer } from './problem.js';
import { weakLevelsNow } from './served-levels.js';

/** `undefined`: the answer is a stream, which the route has begun. */
export type Route = (exchange: Exchange) => Answer | Promise<Answer | undefined>;

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

/** A route handler that answers with `route`, counted under the pattern `name`. */
export function serve(name: string, route: Route): (request: FastifyRequest, reply: FastifyReply) => void {
  return (request) => {
    const { exchange } = request;
    exchange.route = name;
    answerWith(exchange, route);
  };
}

/** Answer with the problem that `error` is. Bugs are logged with everything, and told with nothing. */
export function sendFailure(exchange: Exchange, error: unknown): void {
  const { service, response, request } = exchange;
  if (response.destroyed || response.headersSent) {
    exchange.abandon();
    return;
  }
  const coded = codedError(error);
  if (coded === undefined) {
    const stack = error instanceof Error ? error.stack : String(error);
    const facts = { method: request.method, target: request.originalUrl, error: stack };
    service.logger({ name: 'api.internal-error', level: 'error', facts });
  }
  if (isOfTheLog(error)) exchange.dependsOn(error.token, error.timing);
  // A wait that failed spent its time waiting.
  if (coded !== undefined && WAITS.has(coded.code)) exchange.timing = { waitMs: exchange.elapsedMs, storeMs: 0 };
  exchange.send(
    problemAnswer(exchange, coded ?? internalError(), coded === undefined ? {} : servedMember(exchange, coded)),
  );
  if (error instanceof InvariantError) service.onBrokenInvariant(error);
}

const WAITS: ReadonlySet<ErrorCode> = new Set(['causal-wait-timeout', 'no-quorum']);

/** Who could not be served at `linearizable` is told which levels would do. Replicas know best; some failures are not theirs. */
function servedMember(exchange: Exchange, error: CausewayError): { readonly served?: readonly string[] } {
  const { context, service, needsOrder } = exchange;
  if (error.entry.status !== UNAVAILABLE || context?.level !== 'linearizable') return {};
  if (needsOrder || error.code === 'shutting-down') return { served: [] };
  return { served: error.facts.served ?? weakLevelsNow(service.replica, context.token) };
}

const UNAVAILABLE = 503;

/** Replicas are known here by their types alone, so that the class cannot be asked for. */
function isOfTheLog(error: unknown): error is LogRefusal {
  return error instanceof CausewayError && 'token' in error && error.token instanceof VersionVector;
}

/** Answer with `route`, at once if it does not have to wait. */
export function answerWith(exchange: Exchange, route: Route): void {
  const send = (answer: Answer | undefined): void => {
    if (answer !== undefined) exchange.send(answer);
  };
  const fail = (error: unknown): void => sendFailure(exchange, error);
  try {
    const answer = route(exchange);
    if (answer instanceof Promise) answer.then(send).catch(fail);
    else send(answer);
  } catch (error) {
    fail(error);
  }
}
