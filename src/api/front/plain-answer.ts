/** An answer as one message of HTTP/1.1 (RFC 9112) with the fields that Node would write, in one piece where it is small. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerSink } from '../received.js';

/** Up to this size copying a body costs less than handing it to the kernel by itself. */
const COPY_MAX_BYTES = 16 * 1024;
const EMPTY = new Uint8Array(0);
const NO_LISTENERS: readonly (() => void)[] = [];
/** Answers of these statuses have no body by definition, so that nothing is said of its length. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

export interface PlainAnswerOptions {
  readonly socket: Socket;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  /** The answer has been handed to the socket. `isLast` if it says that the connection ends. */
  readonly sent: (isLast: boolean) => void;
}

export class PlainAnswer implements AnswerSink {
  readonly #options: PlainAnswerOptions;
  #closeListeners: readonly (() => void)[] = NO_LISTENERS;
  #head = '';
  #isLast = false;
  headersSent = false;
  writableFinished = false;

  constructor(options: PlainAnswerOptions) {
    this.#options = options;
  }

  get destroyed(): boolean {
    return this.#options.socket.destroyed;
  }

  /** The connection was lost before the answer was sent. */
  once(_event: 'close', listener: () => void): void {
    this.#closeListeners = this.#closeListeners.length === 0 ? [listener] : [...this.#closeListeners, listener];
  }

  closed(): void {
    const listeners = this.#closeListeners;
    this.#closeListeners = NO_LISTENERS;
    for (const listener of listeners) listener();
  }

  writeHead(status: number, headers: string[]): void {
    let head = statusLine(status);
    let hasLength = BODILESS.has(status);
    let isLast = false;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      if (!isSendable(value)) throw new TypeError(`${name} holds what no header can carry`);
      if (name === 'Content-Length') hasLength = true;
      if (name === 'Connection') isLast = value === 'close';
      head += `${name}: ${value}\r\n`;
    }
    head += `Date: ${httpDate()}\r\n`;
    if (!hasLength) head += 'Content-Length: 0\r\n';
    this.#head = isLast ? `${head}\r\n` : `${head}${keptAlive(this.#options.keepAliveMs)}\r\n`;
    this.#isLast = isLast;
    this.headersSent = true;
  }

  end(body: string | Uint8Array | undefined): void {
    const { socket, sent } = this.#options;
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? EMPTY);
    const head = this.#head;
    const isCopied = bytes.length <= COPY_MAX_BYTES;
    const message = Buffer.allocUnsafe(head.length + (isCopied ? bytes.length : 0));
    message.write(head, 'latin1');
    this.writableFinished = true;
    if (isCopied) {
      message.set(bytes, head.length);
      socket.write(message);
    } else {
      socket.cork();
      socket.write(message);
      socket.write(bytes);
      socket.uncork();
    }
    sent(this.#isLast);
  }
}

/** None of the characters ends the field, or is none that a field may hold (RFC 9110, section 5.5). */
function isSendable(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

const statusLines: string[] = [];

function statusLine(status: number): string {
  statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  return statusLines[status];
}

let datedSecond = 0;
let date = '';

function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== datedSecond) {
    datedSecond = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}

let keptAliveMs = 0;
let keptAliveFields = '';

function keptAlive(keepAliveMs: number): string {
  if (keepAliveMs !== keptAliveMs) {
    keptAliveMs = keepAliveMs;
    keptAliveFields = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`;
  }
  return keptAliveFields;
}
