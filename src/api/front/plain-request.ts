/**
 * Reads those requests that nearly all traffic consists of: `GET`, `PUT` and `DELETE` of one key, whole, in plain HTTP/1.1.
 * It reads less than the grammar allows and never more (RFC 9112, sections 3 to 6): of what is longer, rarer, cut in two or
 * malformed it says only that it is not for it, and Node's parser, which knows all rules and all refusals, decides.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ReceivedRequest } from '../received.js';

type PlainMethod = 'GET' | 'PUT' | 'DELETE';

export interface PlainRequest extends ReceivedRequest {
  readonly method: PlainMethod;
  readonly body: Uint8Array | undefined;
}

/** Node takes heads of 16 KiB; what comes near that is its business. */
const HEAD_MAX_BYTES = 8 * 1024;
/** Longer bodies seldom come in one piece. */
const BODY_MAX_BYTES = 48 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
const REQUEST_LINE = /^(GET|PUT|DELETE) (\/v1\/kv\/[!"$-~]+) HTTP\/1\.1$/;
const ANY_REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?\n$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const LENGTH = /^[1-9]\d{0,4}$/;
/** Of the media types those that need no understanding: no quotes, no comments. */
const PLAIN_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:; ?[\w-]+=[\w.+-]+)*$/;
/** Fields that change how a message is read, or what follows it. */
const DECISIVE: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'http2-settings',
  'proxy-connection',
  'keep-alive',
]);
const VERSION = { httpVersion: '1.1' } as const;
const NAMES_MAX = 256;
const NAME_KEPT_MAX_CHARS = 64;
const TAB = 0x09;
const SPACE = 0x20;

/** Spellings of names that were found right, and what they are here. */
const names = new Map<string, string>();

/** Of one connection, whose requests mostly carry the same fields: what was read last is not read again. */
export class PlainRequestReader {
  #fields = '';
  #headers: IncomingHttpHeaders = {};

  /** The request that `bytes` begin with, and its length; undefined if it is none for here, or not there as a whole. */
  read(bytes: Buffer): { readonly request: PlainRequest; readonly length: number } | undefined {
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0 || headEnd > HEAD_MAX_BYTES) return undefined;
    const head = bytes.toString('latin1', 0, headEnd);
    const lineEnd = head.indexOf('\r\n');
    const [, method, originalUrl] = REQUEST_LINE.exec(lineEnd < 0 ? head : head.slice(0, lineEnd)) ?? [];
    const headers = this.#read(lineEnd < 0 ? '' : head.slice(lineEnd + 2));
    if (method === undefined || originalUrl === undefined || headers === undefined) return undefined;
    const bodyStart = headEnd + HEAD_END.length;
    const bodyLength = bodyLengthOf(method as PlainMethod, headers);
    if (bodyLength === undefined || bytes.length < bodyStart + bodyLength) return undefined;
    const length = bodyStart + bodyLength;
    const body = bodyLength === 0 ? undefined : bytes.subarray(bodyStart, length);
    return { request: { method: method as PlainMethod, originalUrl, headers, body, raw: VERSION }, length };
  }

  #read(fields: string): IncomingHttpHeaders | undefined {
    if (fields === this.#fields) return this.#headers;
    const headers = readFields(fields);
    if (headers === undefined) return undefined;
    this.#fields = fields;
    this.#headers = headers;
    return headers;
  }
}

/** Whether `bytes` begin with a whole line that begins no request of HTTP/1. */
export function isNoRequest(bytes: Buffer): boolean {
  const lineEnd = bytes.indexOf('\n');
  return lineEnd >= 0 && !ANY_REQUEST_LINE.test(bytes.toString('latin1', 0, lineEnd + 1));
}

function readFields(text: string): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {};
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\r\n', start);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', start);
    if (colon < 0 || colon > end) return undefined;
    const name = nameOf(text.slice(start, colon));
    const value = withoutMargins(text, colon + 1, end);
    // What Node does with fields that are given twice depends on their name.
    if (name === undefined || name in headers || !isPlain(name, value)) return undefined;
    headers[name] = value;
    start = end + 2;
  }
  return headers;
}

/** What spaces and tabs may stand around; `trim` would take away more. */
function withoutMargins(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isMargin(text.charCodeAt(start))) start += 1;
  while (start < end && isMargin(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isMargin(code: number): boolean {
  return code === SPACE || code === TAB;
}

function nameOf(spelling: string): string | undefined {
  const known = names.get(spelling);
  if (known !== undefined) return known;
  if (!NAME.test(spelling)) return undefined;
  const name = spelling.toLowerCase();
  if (name.length > NAME_KEPT_MAX_CHARS) return name;
  if (names.size >= NAMES_MAX) names.clear();
  names.set(spelling, name);
  return name;
}

function isPlain(name: string, value: string): boolean {
  if (!VALUE.test(value) || DECISIVE.has(name)) return false;
  if (name === 'content-type') return PLAIN_TYPE.test(value);
  return name !== 'connection' || value.toLowerCase() === 'keep-alive';
}

/** Undefined if the method and the announced length make no plain pair. */
function bodyLengthOf(method: PlainMethod, headers: IncomingHttpHeaders): number | undefined {
  const announced = headers['content-length'];
  if (method !== 'PUT') return announced === undefined ? 0 : undefined;
  if (announced === undefined || !LENGTH.test(announced)) return undefined;
  const length = Number(announced);
  return length > BODY_MAX_BYTES ? undefined : length;
}
