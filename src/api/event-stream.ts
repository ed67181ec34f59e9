/**
 * Server-sent events (HTML Living Standard, section 9.2) of something of which only the newest state matters: a client
 * that reads slowly misses what was overtaken meanwhile, and takes no memory but for one state.
 */

import type { ServerResponse } from 'node:http';
import { LIMITS } from '../base/limits.js';
import type { Exchange } from './exchange.js';

const HEADERS = ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-store', 'X-Accel-Buffering', 'no'];

export class StateStream {
  readonly #exchange: Exchange;
  readonly #ended = new AbortController();
  /** Undefined until the stream is open. */
  #response: ServerResponse | undefined;
  #pending: string | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Aborted when the client is gone or this replica ends the stream. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** `data` replaces what has not left yet. */
  show(event: string, data: unknown): void {
    this.#pending = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#flush();
  }

  /** Send the head, what was shown before, and from now on everything. Ends with the connection or the app. */
  open(): void {
    const { service } = this.#exchange;
    const response = this.#exchange.beginStream([...HEADERS]);
    if (response === undefined) {
      this.#ended.abort();
      return;
    }
    const heartbeat = setInterval(() => this.#beat(), LIMITS.streamHeartbeatMs);
    const end = (): void => {
      response.end();
    };
    service.streams.add(end);
    response.on('drain', () => this.#flush());
    response.once('close', () => {
      clearInterval(heartbeat);
      service.streams.delete(end);
      this.#ended.abort();
    });
    this.#response = response;
    this.#flush();
    if (service.closing) end();
  }

  #flush(): void {
    if (this.#pending === undefined || !this.#mayWrite(this.#response)) return;
    this.#response.write(this.#pending);
    this.#pending = undefined;
  }

  #beat(): void {
    if (this.#mayWrite(this.#response)) this.#response.write(': still here\n\n');
  }

  #mayWrite(response: ServerResponse | undefined): response is ServerResponse {
    return response?.writable === true && !response.writableNeedDrain;
  }
}
