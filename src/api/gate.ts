/** What every `/v1` request passes before its body is read: whether this process takes requests, from whom, and how many. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Role } from './auth.js';
import { authorize } from './authorize.js';
import type { Exchange } from './exchange.js';
import { checkHead } from './message-head.js';
import { sendFailure } from './serve.js';
import { orderedReplica } from './served-levels.js';

type Hook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** A hook that lets those requests through whose sender has `role`, as long as there is room. */
export function gate(role: Role): Hook {
  return (request, _reply, done) => {
    if (admit(request.exchange, role)) done();
  };
}

/** Whether the request may go on to its route; if not, it has been answered. */
export function admit(exchange: Exchange, role: Role): boolean {
  try {
    enter(exchange, role);
    return true;
  } catch (error) {
    sendFailure(exchange, error);
    return false;
  }
}

/** A hook for what exists only with the total order: without it a body is not read, whatever it is. */
export const orderGate: Hook = (request, _reply, done) => {
  const { exchange } = request;
  try {
    orderedReplica(exchange.service.replica);
  } catch (error) {
    sendFailure(exchange, error);
    return;
  }
  done();
};

function enter(exchange: Exchange, role: Role): void {
  const { service, headers } = exchange;
  checkHead({ headers, httpVersion: exchange.request.raw.httpVersion });
  if (service.closing) throw new CausewayError('shutting-down', 'This replica is shutting down.');
  authorize(exchange, role);
  const bodyBytes = announcedBytes(exchange);
  if (!service.traffic.admit(bodyBytes)) {
    throw new CausewayError('overloaded', `${service.traffic.inFlight} requests are already in progress here.`);
  }
  exchange.admittedBytes = bodyBytes;
}

/** Memory the body may take. Longer ones than any route takes are refused before they are read. */
function announcedBytes({ headers }: Exchange): number {
  const declared = headers['content-length'];
  if (declared !== undefined) return Math.min(Number(declared) || 0, LIMITS.groupMaxBytes);
  return headers['transfer-encoding'] === undefined ? 0 : LIMITS.valueMaxBytes;
}
