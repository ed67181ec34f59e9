/** Causeway over HTTP/1.1: written and read as plainly as the protocols it is measured beside. */
import { type Address, ClientSocket, type Decoded, type Decoder } from './client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from './operations.js';

export interface HttpReply {
  readonly status: number;
  readonly token: string | undefined;
  readonly body: Buffer;
}

export interface CausewayRequest {
  readonly method: 'GET' | 'PUT';
  readonly level: 'eventual' | 'causal' | 'linearizable';
  readonly durability?: 'majority';
}

const REQUESTS: Readonly<Record<Operation, CausewayRequest>> = {
  'linearizable write': { method: 'PUT', level: 'linearizable' },
  'linearizable read': { method: 'GET', level: 'linearizable' },
  'replicated write': { method: 'PUT', level: 'causal', durability: 'majority' },
  'local write': { method: 'PUT', level: 'causal' },
  'local read': { method: 'GET', level: 'causal' },
};

export class HttpDecoder implements Decoder<HttpReply> {
  /** Answers come with their length; a chunked one would be refused. */
  decode(bytes: Buffer): Decoded<HttpReply> | undefined {
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const head = bytes.toString('latin1', 0, headEnd);
    const status = Number(head.slice(9, 12));
    const contentLength = headerOf(head, '\r\ncontent-length: ', '\r\nContent-Length: ');
    if (contentLength === undefined && status !== 204) throw new Error(`an answer without a length: ${head}`);
    const end = headEnd + 4 + Number(contentLength ?? 0);
    if (bytes.length < end) return undefined;
    const token = headerOf(head, '\r\nCausal-Token: ', '\r\ncausal-token: ');
    return { length: end, reply: { status, token, body: bytes.subarray(headEnd + 4, end) } };
  }
}

function headerOf(head: string, ...spellings: readonly string[]): string | undefined {
  for (const spelling of spellings) {
    const at = head.indexOf(spelling);
    if (at < 0) continue;
    const end = head.indexOf('\r\n', at + 2);
    return head.slice(at + spelling.length, end < 0 ? undefined : end);
  }
  return undefined;
}

/** A connection to one replica; at the weaker levels it is a session, which sends the token of its last answer. */
export class CausewayConnection {
  readonly #socket: ClientSocket<HttpReply>;
  readonly #host: string;
  readonly #value: Uint8Array;
  readonly #body: string;
  #token = '';

  private constructor(socket: ClientSocket<HttpReply>, { host, port }: Address, value: Uint8Array) {
    this.#socket = socket;
    this.#host = `Host: ${host}:${port}\r\n`;
    this.#value = value;
    this.#body = Buffer.from(value).toString('latin1');
  }

  /** @param value what is written, and what reads are expected to bring. */
  static async open(address: Address, value: Uint8Array): Promise<CausewayConnection> {
    return new CausewayConnection(await ClientSocket.open(address, new HttpDecoder()), address, value);
  }

  /** The server has ended it. */
  get isOver(): boolean {
    return this.#socket.isOver;
  }

  /** @throws Refused if the replica says no; any other error means that the connection is gone. */
  async ask({ method, level, durability }: CausewayRequest, key: number): Promise<void> {
    const writes = method === 'PUT';
    const lines = [
      `${method} /v1/kv/${keyName(key)} HTTP/1.1\r\n${this.#host}Consistency-Level: ${level}\r\n`,
      durability === undefined ? '' : `Durability: ${durability}\r\n`,
      level === 'linearizable' || this.#token === '' ? '' : `Causal-Token: ${this.#token}\r\n`,
      writes ? `Prefer: return=minimal\r\nContent-Length: ${this.#value.length}\r\n\r\n${this.#body}` : '\r\n',
    ];
    const reply = await this.#socket.ask(Buffer.from(lines.join(''), 'latin1'));
    if (reply.status !== 200 && reply.status !== 204) throw new Refused(`${reply.status} ${reply.body.toString()}`);
    if (!writes) checkValue(reply.body, this.#value);
    this.#token = reply.token ?? '';
  }

  close(): void {
    this.#socket.close();
  }
}

/** A client that does the same operation again and again. */
export async function openCausewayClient(
  address: Address,
  operation: Operation,
  value: Uint8Array,
): Promise<LoadClient> {
  const connection = await CausewayConnection.open(address, value);
  const request = REQUESTS[operation];
  return { run: (key) => connection.ask(request, key), close: () => connection.close() };
}
