/**
 * One logical call: attempts until one succeeds, none may follow, or the time is over. What an error finally says of
 * the outcome covers all attempts: a "not applied" after a broken connection still is a "maybe".
 */
import type { Outcome } from '../base/errors.js';
import { CausewayApiError } from './api-error.js';
import { type ApiRequest, attempt, type Reply } from './attempt.js';
import type { ClientCore, TokenMemory } from './core.js';
import { type CausewayClientError, ConnectionError, type ErrorBasis, ProtocolError, TimeoutError } from './errors.js';
import { problemOf } from './problem.js';
import { type Failure, outcomeOf } from './retry.js';
import { Route } from './route.js';
import type { Runtime } from './runtime.js';
import type { CallOptions } from './types.js';

/** How one request is sent to one replica. */
type Attempt = typeof attempt;

/** A 2xx reply, or the 404 of a request that `mayBeAbsent`. @throws CausewayClientError, or the reason of the signal. */
export async function perform(
  core: ClientCore,
  request: ApiRequest,
  options: CallOptions,
  memory: TokenMemory,
  attemptOnce: Attempt = attempt,
): Promise<Reply> {
  const route = new Route(core, request, options);
  // One token for the whole call: it covers all that ended before, and a repetition must not differ from the original.
  const sent = memory.token;
  let outcome: Outcome = 'not-applied';
  let previous: CausewayClientError | undefined;
  for (;;) {
    const url = route.url;
    const result = await attemptOnce(core.runtime, request, {
      url,
      ...route.budget(),
      maxResponseBytes: core.maxResponseBytes,
      bearer: core.bearer,
      causalToken: sent,
      signal: options.signal,
    });
    const verdict = result.kind === 'reply' ? judge(result, core.runtime) : result;
    if (result.kind === 'reply') keepToken(result, verdict.kind === 'reply', memory, sent);
    if (verdict.kind === 'reply') {
      core.endpoints.answered(url, request.level);
      return verdict;
    }
    if (outcomeOf(verdict, request) === 'unknown') outcome = 'unknown';
    const error = errorOf(verdict, { url, outcome, idempotencyKey: request.idempotencyKey }, previous);
    const pauseMs = route.turnTo(verdict);
    if (pauseMs === undefined) throw error;
    previous = error;
    await core.runtime.sleep(pauseMs, options.signal);
  }
}

/** Whether a reply is what was asked for. */
function judge(reply: Reply, runtime: Runtime): Reply | Failure {
  if (reply.status >= 200 && reply.status < 300) return reply;
  const problem = problemOf(reply, runtime.wallMs());
  const isAbsence = reply.request.mayBeAbsent === true && reply.status === 404 && problem.code === 'not-found';
  return isAbsence ? reply : { kind: 'refused', problem };
}

/**
 * Every answer counts, refusals included. Where a success leaves the session without the token of what it saw, the
 * session's guarantees would end silently, so that is an error.
 */
function keepToken(reply: Reply, succeeded: boolean, memory: TokenMemory, sent: string | undefined): void {
  const received = reply.headers.get('Causal-Token');
  if (!succeeded) {
    if (received !== null) memory.glean(received);
    return;
  }
  const isWrite = reply.request.effect === 'write';
  // Only an answer that depends on nothing may lack a token.
  if (received === null && (!memory.isKept || (!isWrite && sent === undefined))) return;
  if (received !== null && memory.observe(received, sent)) return;
  const lost =
    'lost its Causal-Token on the way: proxies have to pass that header on, cross-origin servers to expose it';
  const unfit = 'has a causal token that cannot be joined with the one the session holds';
  throw new ProtocolError(`the answer of ${reply.url} ${received === null ? lost : unfit}`, {
    outcome: isWrite ? 'unknown' : 'not-applied',
    retryable: false,
    url: reply.url,
  });
}

/** `basis` names the replica and what all attempts together leave open. */
function errorOf(
  failure: Failure,
  basis: Omit<ErrorBasis, 'retryable'> & { readonly url: string },
  previous: CausewayClientError | undefined,
): CausewayClientError {
  const { url } = basis;
  switch (failure.kind) {
    case 'refused':
      return new CausewayApiError(failure.problem, { ...basis, retryable: failure.problem.retryable });
    case 'unreachable':
      return new ConnectionError(`cannot connect to ${url}`, { ...basis, retryable: true, cause: failure.cause });
    case 'broken':
      return new ConnectionError(`lost the connection to ${url}`, { ...basis, retryable: true, cause: failure.cause });
    case 'silent': {
      const message = `no answer from ${url} within ${Math.round(failure.afterMs)} ms`;
      return new TimeoutError(message, { ...basis, retryable: true, cause: previous });
    }
    case 'oversized':
      return new ProtocolError(`the answer of ${url} is over ${failure.maxBytes} bytes`, {
        ...basis,
        retryable: false,
      });
  }
}
