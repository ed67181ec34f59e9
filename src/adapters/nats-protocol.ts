/**
 * The client half of the NATS core protocol, as a server reads it: a stream of bytes in any pieces becomes commands.
 * Knows no sockets. Control lines are kept as latin1 text, so that every byte of a subject survives unchanged.
 * Source: "Client Protocol", docs.nats.io.
 */

export interface ConnectFlags {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly noResponders: boolean;
}

export interface Publication {
  readonly kind: 'publish';
  readonly subject: string;
  readonly reply: string | undefined;
  /** Bytes of `payload` that are headers; 0 for a plain PUB. */
  readonly headerBytes: number;
  /** Headers and body. A view into the input where that was possible; never changed afterwards. */
  readonly payload: Buffer;
}

export type ClientCommand =
  | { readonly kind: 'connect'; readonly flags: ConnectFlags }
  | Publication
  | { readonly kind: 'subscribe'; readonly subject: string; readonly queue: string | undefined; readonly sid: string }
  | { readonly kind: 'unsubscribe'; readonly sid: string; readonly max: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' };

/** What holds until a client says otherwise, as in a NATS server. */
export const FLAGS_BEFORE_CONNECT: ConnectFlags = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  noResponders: false,
};

/** The client broke the protocol. The message is what a NATS server would put after `-ERR`; the connection ends. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

const CONTROL_LINE_MAX_BYTES = 4096;
const LF = 0x0a;
const CR = 0x0d;

type PublicationHead = Omit<Publication, 'payload'> & { readonly size: number };

/** Feed it a connection's bytes in order; after a `ProtocolViolation` it must not be used again. */
export class ClientParser {
  readonly #payloadMaxBytes: number;
  /** The start of a control line whose end has not come. */
  #partialLine: Buffer = Buffer.alloc(0);
  /** The publication whose payload is being read, and what has arrived of it and of the line end behind it. */
  #head: PublicationHead | undefined;
  #collected: Buffer | undefined;
  #collectedBytes = 0;

  constructor(payloadMaxBytes: number) {
    this.#payloadMaxBytes = payloadMaxBytes;
  }

  /** @throws ProtocolViolation after `emit` has seen every command before the broken one. */
  feed(chunk: Buffer, emit: (command: ClientCommand) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#head === undefined) at = this.#readLine(chunk, at, emit);
      else at = this.#readPayload(this.#head, chunk, at, emit);
    }
  }

  #readLine(chunk: Buffer, from: number, emit: (command: ClientCommand) => void): number {
    const end = chunk.indexOf(LF, from);
    const lineBytes = this.#partialLine.length + (end < 0 ? chunk.length : end) - from;
    if (lineBytes > CONTROL_LINE_MAX_BYTES) throw new ProtocolViolation('Maximum Control Line Exceeded');
    if (end < 0) {
      this.#partialLine = Buffer.concat([this.#partialLine, chunk.subarray(from)]);
      return chunk.length;
    }
    const command = parseLine(this.#takeLine(chunk, from, end), this.#payloadMaxBytes);
    if (command.kind === 'publish') this.#head = command;
    else emit(command);
    return end + 1;
  }

  #takeLine(chunk: Buffer, from: number, end: number): string {
    if (this.#partialLine.length === 0) {
      return chunk.toString('latin1', from, end > from && chunk[end - 1] === CR ? end - 1 : end);
    }
    const line = Buffer.concat([this.#partialLine, chunk.subarray(from, end)]).toString('latin1');
    this.#partialLine = Buffer.alloc(0);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #readPayload(head: PublicationHead, chunk: Buffer, from: number, emit: (command: ClientCommand) => void): number {
    const wanted = head.size + 2;
    if (this.#collected === undefined && chunk.length - from >= wanted) {
      this.#finish(head, chunk.subarray(from, from + wanted), emit);
      return from + wanted;
    }
    this.#collected ??= Buffer.allocUnsafe(wanted);
    const copied = chunk.copy(this.#collected, this.#collectedBytes, from);
    this.#collectedBytes += copied;
    if (this.#collectedBytes === wanted) this.#finish(head, this.#collected, emit);
    return from + copied;
  }

  #finish(head: PublicationHead, bytes: Buffer, emit: (command: ClientCommand) => void): void {
    if (bytes[head.size] !== CR || bytes[head.size + 1] !== LF) throw new ProtocolViolation('Parser Error');
    this.#head = undefined;
    this.#collected = undefined;
    this.#collectedBytes = 0;
    const { subject, reply, headerBytes, size } = head;
    emit({ kind: 'publish', subject, reply, headerBytes, payload: bytes.subarray(0, size) });
  }
}

function parseLine(line: string, payloadMaxBytes: number): Exclude<ClientCommand, Publication> | PublicationHead {
  const nameEnd = line.search(/[ \t]/);
  const name = (nameEnd < 0 ? line : line.slice(0, nameEnd)).toUpperCase();
  const rest = nameEnd < 0 ? '' : line.slice(nameEnd + 1).trim();
  switch (name) {
    case 'PUB':
      return parsePublish(rest, 1, payloadMaxBytes);
    case 'HPUB':
      return parsePublish(rest, 2, payloadMaxBytes);
    case 'SUB':
      return parseSubscribe(rest);
    case 'UNSUB':
      return parseUnsubscribe(rest);
    case 'PING':
      return { kind: 'ping' };
    case 'PONG':
      return { kind: 'pong' };
    case 'CONNECT':
      return { kind: 'connect', flags: parseConnect(rest) };
    default:
      throw new ProtocolViolation('Unknown Protocol Operation');
  }
}

/** `PUB <subject> [reply] <bytes>`, or with two sizes `HPUB <subject> [reply] <header bytes> <total bytes>`. */
function parsePublish(rest: string, sizes: 1 | 2, payloadMaxBytes: number): PublicationHead {
  const words = split(rest);
  const hasReply = words.length === sizes + 2;
  const [subject, reply] = words;
  if (subject === undefined || (!hasReply && words.length !== sizes + 1)) throw new ProtocolViolation('Parser Error');
  const size = parseCount(words.at(-1));
  const headerBytes = sizes === 2 ? parseCount(words.at(-2)) : 0;
  if (headerBytes > size) throw new ProtocolViolation('Parser Error');
  if (size > payloadMaxBytes) throw new ProtocolViolation('Maximum Payload Violation');
  return { kind: 'publish', subject, reply: hasReply ? reply : undefined, headerBytes, size };
}

function parseSubscribe(rest: string): ClientCommand & { kind: 'subscribe' } {
  const words = split(rest);
  const [subject, second, third] = words;
  if (subject === undefined || second === undefined || words.length > 3) throw new ProtocolViolation('Parser Error');
  return third === undefined
    ? { kind: 'subscribe', subject, queue: undefined, sid: second }
    : { kind: 'subscribe', subject, queue: second, sid: third };
}

function parseUnsubscribe(rest: string): ClientCommand & { kind: 'unsubscribe' } {
  const words = split(rest);
  const [sid, max] = words;
  if (sid === undefined || words.length > 2) throw new ProtocolViolation('Parser Error');
  return { kind: 'unsubscribe', sid, max: max === undefined ? 0 : parseCount(max) };
}

function parseConnect(rest: string): ConnectFlags {
  let options: unknown;
  try {
    options = JSON.parse(rest);
  } catch {
    throw new ProtocolViolation('Parser Error');
  }
  if (typeof options !== 'object' || options === null) throw new ProtocolViolation('Parser Error');
  const flags = new Map<string, unknown>(Object.entries(options));
  return {
    verbose: flags.get('verbose') !== false,
    pedantic: flags.get('pedantic') !== false,
    echo: flags.get('echo') !== false,
    headers: flags.get('headers') === true,
    noResponders: flags.get('no_responders') === true,
  };
}

function split(text: string): readonly string[] {
  return text === '' ? [] : text.split(/[ \t]+/);
}

function parseCount(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new ProtocolViolation('Parser Error');
  return Number(text);
}
