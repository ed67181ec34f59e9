/**
 * From routes as functions to what the framework runs: a route takes an exchange and returns its answer or throws, and
 * here both become what is sent. The only place that turns failures into answers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvariantError } from '../base/assert.js';
import type { Answer, Exchange } from './exchange.js';
import { codedError, internalError, problemAnswer } from './problem.js';

export type Route = (exchange: Exchange) => Answer | Promise<Answer>;

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
    run(exchange, route);
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
  // A wait that failed spent its time waiting.
  if (coded?.code === 'causal-wait-timeout') exchange.timing = { waitMs: exchange.elapsedMs, storeMs: 0 };
  exchange.send(problemAnswer(exchange, coded ?? internalError()));
  if (error instanceof InvariantError) service.onBrokenInvariant(error);
}

async function run(exchange: Exchange, route: Route): Promise<void> {
  try {
    exchange.send(await route(exchange));
  } catch (error) {
    sendFailure(exchange, error);
  }
}
