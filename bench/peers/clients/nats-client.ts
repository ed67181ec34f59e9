/**
 * JetStream's key-value store by the NATS text protocol: a put is a publication that the stream acknowledges, a read a
 * direct get, which any server that has a copy of the stream answers - what the official clients do.
 */
import { type Address, ClientSocket, type Decoded, type Decoder } from '../../load/client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from '../../load/operations.js';

export interface NatsReply {
  /** `NATS/1.0 …` and what follows; empty for a message without headers. */
  readonly headers: string;
  readonly payload: Buffer;
}

const CONNECT = { verbose: false, pedantic: false, lang: 'bench', version: '1', protocol: 1, headers: true };
const PONG = Buffer.from('PONG\r\n');
const OPENED: NatsReply = { headers: '', payload: Buffer.alloc(0) };

export class NatsDecoder implements Decoder<NatsReply> {
  decode(bytes: Buffer): Decoded<NatsReply> | undefined {
    const lineEnd = bytes.indexOf('\r\n');
    if (lineEnd < 0) return undefined;
    const words = bytes.toString('latin1', 0, lineEnd).split(' ');
    const length = lineEnd + 2;
    switch (words[0]) {
      case 'INFO':
      case '+OK':
        return { length };
      case 'PING':
        return { length, respond: PONG };
      case 'PONG':
        return { length, reply: OPENED };
      case 'MSG':
        return message(bytes, length, 0, Number(words.at(-1)));
      case 'HMSG':
        return message(bytes, length, Number(words.at(-2)), Number(words.at(-1)));
      default:
        throw new Error(`the server said ${words.join(' ')}`);
    }
  }
}

function message(bytes: Buffer, from: number, headerBytes: number, total: number): Decoded<NatsReply> | undefined {
  const end = from + total;
  if (bytes.length < end + 2) return undefined;
  const headers = bytes.toString('latin1', from, from + headerBytes);
  return { length: end + 2, reply: { headers, payload: bytes.subarray(from + headerBytes, end) } };
}

export interface NatsRequests {
  request(subject: string, payload: Uint8Array | string): Promise<NatsReply>;
  close(): void;
}

let inboxes = 0;

/** A connection with an inbox of its own; one request at a time. */
export async function openNatsRequests(address: Address): Promise<NatsRequests> {
  const socket = await ClientSocket.open(address, new NatsDecoder());
  inboxes += 1;
  const inbox = `_INBOX.bench-${process.pid}-${inboxes}`;
  await socket.ask(Buffer.from(`CONNECT ${JSON.stringify(CONNECT)}\r\nSUB ${inbox} 1\r\nPING\r\n`));
  return {
    request: (subject, payload) => {
      const bytes = Buffer.from(payload as string);
      const head = Buffer.from(`PUB ${subject} ${inbox} ${bytes.length}\r\n`);
      return socket.ask(Buffer.concat([head, bytes, Buffer.from('\r\n')]));
    },
    close: () => socket.close(),
  };
}

/** The reply of the JetStream API as JSON. @throws Refused with the error it carries. */
export function jetStreamJson<T>({ headers, payload }: NatsReply): T {
  if (headers.startsWith('NATS/1.0 503')) throw new Refused('no responders');
  const answer: T & { readonly error?: { readonly description?: string } } = JSON.parse(payload.toString());
  if (answer.error !== undefined) throw new Refused(answer.error.description ?? 'an error without a description');
  return answer;
}

/** Subjects have dots where keys have slashes. */
function subjectOf(bucket: string, key: number): string {
  return `$KV.${bucket}.${keyName(key).replace('/', '.')}`;
}

export async function openJetStreamClient(
  address: Address,
  operation: Operation,
  value: Uint8Array,
  bucket: string,
): Promise<LoadClient> {
  const nats = await openNatsRequests(address);
  const run = async (key: number): Promise<void> => {
    const subject = subjectOf(bucket, key);
    if (operation === 'linearizable write') {
      jetStreamJson(await nats.request(subject, value));
      return;
    }
    const reply = await nats.request(`$JS.API.DIRECT.GET.KV_${bucket}.${subject}`, '');
    if (/^NATS\/1\.0 \d/.test(reply.headers)) throw new Refused(reply.headers.split('\r\n')[0] ?? '');
    checkValue(reply.payload, value);
  };
  return { run, close: () => nats.close() };
}
