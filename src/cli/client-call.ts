/**
 * From the options every client command shares to a request and back: level, session, bearer token, several servers,
 * `--curl`. A command builds a `KeyRequest`; what happens on the way is decided here.
 */
import { LIMITS } from '../base/limits.js';
import { type CurlOptions, curlLine } from '../lab/curl-line.js';
import { type HttpAnswer, type HttpCall, NoAnswer, sendCall } from '../lab/http-call.js';
import { Refusal } from './failure.js';
import { readSession, writeSession } from './session-file.js';
import type { Terminal } from './terminal.js';

export const LEVELS = ['eventual', 'causal', 'linearizable'] as const;
export type Level = (typeof LEVELS)[number];
export type OutputFormat = 'table' | 'json';

/** What can be said of every request. */
export interface ConnectionOptions {
  readonly url: readonly string[];
  readonly output?: OutputFormat;
  readonly token?: string;
  readonly timeout?: number;
  readonly curl?: boolean;
}

/** What can be said of requests for keys. */
export interface ClientOptions extends ConnectionOptions {
  readonly consistency?: Level;
  readonly session?: string;
  readonly causalToken?: string;
}

export interface ClientRequest extends Pick<HttpCall, 'method' | 'path' | 'body'> {
  readonly headers?: Readonly<Record<string, string>>;
  /** What the server takes it for if no level is named. Default `causal`. */
  readonly level?: Level;
  /** The server may hold it back for this long because that was asked for. */
  readonly waitMs?: number;
}

/** By the contract a 503 says that nothing was done: another server may do it. */
const NOT_APPLIED = 503;
/** The server answers within its own timeout; this long after it we stop listening. */
const GRACE_MS = 2_000;

/**
 * Sends the request to the first server that can be reached and keeps the session. With `--curl` only prints the line.
 * @returns the answer, or `undefined` if nothing was sent because of `--curl`.
 * @throws Refusal on an error answer, NoAnswer if there is none.
 */
export async function perform(
  terminal: Terminal,
  options: ClientOptions,
  request: ClientRequest,
  curl: CurlOptions = {},
): Promise<HttpAnswer | undefined> {
  const causalToken = options.causalToken ?? (await sessionToken(options));
  const headers = { ...consistencyHeaders(options, request.level ?? 'causal', causalToken), ...request.headers };
  if (options.curl) {
    const [origin = ''] = options.url;
    terminal.out(`${curlLine(callTo(origin, options, { ...request, headers }), { withHeaders: true, ...curl })}\n`);
    return undefined;
  }
  const answer = await sendToFirst(options, { ...request, headers });
  const next = answer.headers['causal-token'];
  if (options.session !== undefined && next !== undefined) await writeSession(options.session, next);
  if (answer.status >= 400) throw new Refusal(answer);
  return answer;
}

/** Asks the servers in turn: the next one only when the one before certainly did not carry the request out. */
export async function sendToFirst(options: ConnectionOptions, request: ClientRequest): Promise<HttpAnswer> {
  let refusal: HttpAnswer | undefined;
  let unreachable: NoAnswer | undefined;
  for (const origin of options.url) {
    try {
      const timeoutMs = patienceMs(options) + (request.waitMs ?? 0);
      const answer = await sendCall(callTo(origin, options, request), { timeoutMs });
      if (answer.status !== NOT_APPLIED) return answer;
      refusal = answer;
    } catch (error) {
      if (!(error instanceof NoAnswer) || error.sent) throw error;
      unreachable = error;
    }
  }
  if (refusal !== undefined) return refusal;
  throw unreachable ?? new NoAnswer('no server was named', false);
}

/** The request as it goes to one server. */
export function callTo(origin: string, options: ConnectionOptions, request: ClientRequest): HttpCall {
  const headers = { ...request.headers };
  if (options.token !== undefined) headers['Authorization'] = `Bearer ${options.token}`;
  return {
    method: request.method,
    origin,
    path: request.path,
    headers,
    ...(request.body === undefined ? {} : { body: request.body }),
  };
}

export function patienceMs(options: ConnectionOptions): number {
  return (options.timeout ?? LIMITS.timeoutDefaultMs) + GRACE_MS;
}

async function sessionToken({ session }: ClientOptions): Promise<string | undefined> {
  return session === undefined ? undefined : readSession(session);
}

function consistencyHeaders(
  options: ClientOptions,
  level: Level,
  causalToken: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const { consistency, timeout } = options;
  if (consistency !== undefined || timeout !== undefined) {
    headers['Consistency-Level'] = `${consistency ?? level}${timeout === undefined ? '' : `;timeout=${timeout}`}`;
  }
  if (causalToken !== undefined) headers['Causal-Token'] = causalToken;
  return headers;
}
