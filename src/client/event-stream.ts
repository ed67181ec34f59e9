/**
 * Server-sent events out of bytes as they come (HTML Living Standard, section 9.2.6), without `EventSource`: that cannot
 * send headers and does not exist in Node.
 */

export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
}

export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  #line = '';
  #event = '';
  #data: string[] = [];
  #endedWithReturn = false;

  /** The events that are complete with these bytes. */
  push(bytes: Uint8Array): ServerEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return [];
    // A line break may be cut in the middle: this is the second half of `\r\n`.
    if (this.#endedWithReturn && text.startsWith('\n')) text = text.slice(1);
    this.#endedWithReturn = text === '' ? false : text.endsWith('\r');
    const lines = `${this.#line}${text}`.split(/\r\n|\r|\n/);
    this.#line = lines.pop() ?? '';
    return lines.flatMap((line) => this.#take(line));
  }

  /** Characters of the event that is not complete. */
  get pendingChars(): number {
    return this.#data.reduce((sum, part) => sum + part.length, this.#line.length);
  }

  #take(line: string): ServerEvent[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    // Everything else, comments included, only shows that the stream is alive.
    return [];
  }

  #dispatch(): ServerEvent[] {
    const [event, data] = [this.#event, this.#data];
    this.#event = '';
    this.#data = [];
    return data.length === 0 ? [] : [{ event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}
