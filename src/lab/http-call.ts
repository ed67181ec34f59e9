/**
 * An HTTP request as a value, so that the same value can be sent, or shown as the curl line that would send it. Paths
 * go out exactly as they are written: no normalising of `..`, no re-encoding, no redirects, no retries.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface HttpCall {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string;
  /** Percent-encoded path and query, from the first slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** No answer came. `sent` is false only if the request certainly never reached a server. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}

export interface SendOptions {
  /** Until the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** @throws NoAnswer when the server cannot be reached, hangs up, or takes longer than `timeoutMs`. */
export function sendCall(call: HttpCall, options: SendOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(call.origin);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      method: call.method,
      path: call.path,
      headers: { ...call.headers, ...(call.body === undefined ? {} : { 'Content-Length': String(call.body.length) }) },
      agent: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const timer = setTimeout(() => {
      request.destroy(new NoAnswer(`${call.origin} did not answer within ${options.timeoutMs} ms`, true));
    }, options.timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      reject(error instanceof NoAnswer ? error : describe(call, error));
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: singleValued(response.headers),
          body: Buffer.concat(chunks),
        });
      });
    });
    request.end(call.body);
  });
}

function describe(call: HttpCall, error: NodeJS.ErrnoException): NoAnswer {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') return new NoAnswer(`nothing listens at ${call.origin}`, false);
  return new NoAnswer(`${call.origin} cannot be reached: ${code === '' ? error.message : code}`, !NEVER_SENT.has(code));
}

function singleValued(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

/** The answer's body as text. */
export function textOf(answer: HttpAnswer): string {
  return Buffer.from(answer.body).toString('utf8');
}

/** The answer's body as JSON; `undefined` if it is none. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    return undefined;
  }
}

/** The path segment(s) of a key: slashes stay, everything else that means something in a URL is encoded. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
