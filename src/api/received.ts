/**
 * What an exchange needs of whatever read the request and writes the answer. Fastify's request and Node's response are of
 * these shapes; so is what the front makes of the requests it reads itself.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface ReceivedRequest {
  readonly method: string;
  /** The target as it was sent. */
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined without one, or before it has been read. */
  readonly body?: unknown;
  /** Of the pattern of the route, as the router found them. */
  readonly params?: unknown;
  readonly raw: { readonly httpVersion: string; readonly url?: string | undefined };
}

/** Takes one answer, whole. */
export interface AnswerSink {
  readonly headersSent: boolean;
  /** The client is gone. */
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  once(event: 'close', listener: () => void): unknown;
  /** `headers` are names and values in turn. @throws Error on a value that no header can carry */
  writeHead(status: number, headers: string[]): unknown;
  end(body: string | Uint8Array | undefined): unknown;
}
