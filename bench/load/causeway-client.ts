/** Causeway over HTTP/1.1: written and read as plainly as the protocols it is measured beside. */
import { type Address, ClientSocket, type Decoded, type Decoder } from './client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from './operations.js';

export interface HttpReply {
  readonly status: number;
  readonly token: string | undefined;
  readonly body: Buffer;
}

interface Request {
  readonly method: 'GET' | 'PUT';
  readonly level: 'eventual' | 'causal' | 'linearizable';
  readonly durability?: 'majority';
}

export const REQUESTS: Readonly<Record<Operation, Request>> = {
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

/** A client at one replica; at `causal` it is a session, which sends the token of its last answer with each request. */
export async function openCausewayClient(
  address: Address,
  request: Request,
  value: Uint8Array,
  prefix = '',
): Promise<LoadClient> {
  const socket = await ClientSocket.open(address, new HttpDecoder());
  const { method, level, durability } = request;
  const fixed = [
    `Host: ${address.host}:${address.port}`,
    `Consistency-Level: ${level}`,
    ...(durability === undefined ? [] : [`Durability: ${durability}`]),
    ...(method === 'PUT' ? ['Prefer: return=minimal', `Content-Length: ${value.length}`] : []),
  ].join('\r\n');
  const body = method === 'PUT' ? Buffer.from(value).toString('latin1') : '';
  let token = '';
  return {
    run: async (key) => {
      const path = `/v1/kv/${prefix}${keyName(key)}`;
      const session = level === 'causal' && token !== '' ? `Causal-Token: ${token}\r\n` : '';
      const text = `${method} ${path} HTTP/1.1\r\n${fixed}\r\n${session}\r\n${body}`;
      const reply = await socket.ask(Buffer.from(text, 'latin1'));
      if (reply.status !== 200 && reply.status !== 204) throw new Refused(`${reply.status} ${reply.body.toString()}`);
      if (method === 'GET') checkValue(reply.body, value);
      token = reply.token ?? '';
    },
    close: () => socket.close(),
  };
}
