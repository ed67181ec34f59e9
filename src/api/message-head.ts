/**
 * What a request may not say of its own form: ignoring it would store other bytes than the client meant, or read another
 * request than a proxy before this replica did.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import { CausewayError } from '../base/errors.js';
import { refuse } from './refuse.js';

/** Options of the server: a header that is sent twice is seen as a list, where Node would keep the first. */
export const HEAD_OPTIONS = { requireHostHeader: false, joinDuplicateHeaders: true } as const;

/** Node would drop the headers beyond two thousand without a word. Their bytes are bounded as it is. */
export function readWholeHeads(server: Server): void {
  server.maxHeadersCount = 0;
}

/** @throws CausewayError `invalid-request`, `unsupported-media-type` */
export function checkHead({ headers, httpVersion }: Pick<IncomingMessage, 'headers' | 'httpVersion'>): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') refuse('The request is not HTTP/1.1.');
  if (headers.host === undefined && httpVersion === '1.1') refuse('The request has no Host header.');
  if (headers.host?.includes(',') === true) refuse('The request has more than one Host header.');
  checkBodyHeaders(headers);
}

function checkBodyHeaders(headers: IncomingHttpHeaders): void {
  const { 'transfer-encoding': transfer, 'content-encoding': content, 'content-range': range } = headers;
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    refuse('The only Transfer-Encoding that is understood is chunked.');
  }
  if (content !== undefined && content.toLowerCase() !== 'identity') {
    const detail = 'Values are stored as they are, without their Content-Encoding: send them uncompressed.';
    throw new CausewayError('unsupported-media-type', detail);
  }
  if (range !== undefined) refuse('Values are written whole: Content-Range is not taken.');
}
