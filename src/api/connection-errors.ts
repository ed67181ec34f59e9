/**
 * Failures below the level of requests: what the HTTP parser refuses, and expectations nobody can meet. They too are
 * answered with a problem, unless an earlier request on the connection still waits for its answer: that client would
 * take this one for it.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CausewayError } from '../base/errors.js';
import { problemMessage } from './problem.js';
import type { Service } from './service.js';

interface ConnectionError extends Error {
  readonly code?: string;
}

/** Answers on `socket`, which is then closed. For Node's `clientError`. */
export function answerConnectionError(service: Service, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || answerIsDue(socket)) {
    socket.destroy();
    return;
  }
  socket.end(problemMessage(refusalOf(error), service.replica.id, service.emptyToken));
}

/** Node itself would answer an unknown `Expect` without a body. */
export function refuseExpectations(server: Server, service: Service): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const error = new CausewayError('invalid-request', 'The only expectation that is met is 100-continue.');
    request.resume();
    response.shouldKeepAlive = false;
    response.socket?.end(problemMessage(error, service.replica.id, service.emptyToken));
  });
}

function refusalOf(error: ConnectionError): CausewayError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new CausewayError('headers-too-large', 'The headers of the request are too large.');
    case 'HPE_INVALID_URL':
      return new CausewayError('invalid-request', 'The request target holds bytes that must be percent-encoded.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new CausewayError('invalid-request', 'The request did not arrive in time.');
    default:
      return new CausewayError('invalid-request', 'The request is not HTTP/1.1.');
  }
}

/** Whether a request that was read completely has not been answered. Node keeps the response it owes on the socket. */
function answerIsDue(socket: Socket): boolean {
  const due: unknown = Reflect.get(socket, '_httpMessage');
  if (typeof due !== 'object' || due === null || !('req' in due) || !('headersSent' in due)) return false;
  return due.headersSent === true || (due.req as IncomingMessage).complete;
}
