/**
 * As much of HTTP/2 (RFC 9113) as a unary gRPC call needs: one stream at a time on a connection of its own. What a
 * general client would do besides costs the load generator several times as much, which on a small machine would be
 * taken from the servers.
 *
 * Header fields are sent as indexed ones from the second call on, as full clients do (RFC 7541, 6.1). The server is
 * told to keep no table of its own, so that nothing needs to be remembered to skip its header blocks.
 */
import type { Decoded, Decoder } from '../../load/client-socket.js';

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const FRAME_HEADER_BYTES = 9;
const GRPC_PREFIX_BYTES = 5;
const WINDOW_BYTES = 2 ** 31 - 1;
const DEFAULT_WINDOW_BYTES = 65_535;
const NOTHING = Buffer.alloc(0);

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** Header table 0, no push, windows as large as they may be. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(SETTINGS, 0, 0, Buffer.concat([setting(1, 0), setting(2, 0), setting(4, WINDOW_BYTES)])),
  frame(WINDOW_UPDATE, 0, 0, uint32(WINDOW_BYTES - DEFAULT_WINDOW_BYTES)),
]);

/** A literal field that the other side shall remember; `name` is a text, or an index of the static table. */
function remembered(name: string | number, value: string): Buffer {
  const text = Buffer.from(value);
  const sized = Buffer.concat([Buffer.of(text.length), text]);
  if (typeof name === 'number') return Buffer.concat([Buffer.of(0x40 | name), sized]);
  return Buffer.concat([Buffer.of(0x40, name.length), Buffer.from(name), sized]);
}

/** `:method: POST` and `:scheme: http` of the static table. */
const STATIC_FIELDS = Buffer.of(0x83, 0x86);
/** The four fields of the first call, of which the last one has the lowest index, 62. */
const REMEMBERED_FIELDS = Buffer.of(0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62);

/** The message of the answer, if it had one; a gRPC server sends none with an error (gRPC over HTTP2, Responses). */
export interface GrpcReply {
  readonly message: Buffer | undefined;
}

/** Both directions of one connection: what to send for a call, and what comes. */
export class GrpcConnection implements Decoder<GrpcReply> {
  readonly #firstFields: Buffer;
  #stream = -1;
  #isAnswered = true;
  /** What came of the answer's message, with its prefix. */
  #prefixed: Buffer = NOTHING;
  #received = 0;
  #sendWindow = DEFAULT_WINDOW_BYTES;

  /** @param path `/<service>/<method>`; the only one that is called on this connection. */
  constructor(path: string, authority: string) {
    this.#firstFields = Buffer.concat([
      STATIC_FIELDS,
      remembered(4, path),
      remembered(1, authority),
      remembered('content-type', 'application/grpc'),
      remembered('te', 'trailers'),
    ]);
  }

  call(message: Uint8Array): Buffer {
    const isFirst = this.#stream < 0;
    this.#stream += 2;
    this.#isAnswered = false;
    this.#prefixed = NOTHING;
    const fields = isFirst ? this.#firstFields : Buffer.concat([STATIC_FIELDS, REMEMBERED_FIELDS]);
    const prefixed = Buffer.concat([Buffer.of(0), uint32(message.length), message]);
    this.#sendWindow -= prefixed.length;
    if (this.#sendWindow < 0) throw new Error('the server grants no more bytes');
    const frames = [frame(HEADERS, END_HEADERS, this.#stream, fields), frame(DATA, END_STREAM, this.#stream, prefixed)];
    return Buffer.concat(isFirst ? [PREFACE, ...frames] : frames);
  }

  decode(bytes: Buffer): Decoded<GrpcReply> | undefined {
    if (bytes.length < FRAME_HEADER_BYTES) return undefined;
    const length = FRAME_HEADER_BYTES + bytes.readUIntBE(0, 3);
    if (bytes.length < length) return undefined;
    const flags = bytes[4] ?? 0;
    const payload = bytes.subarray(FRAME_HEADER_BYTES, length);
    switch (bytes[3]) {
      case DATA:
        return this.#data(payload, length);
      case HEADERS:
        return (flags & END_STREAM) === 0 ? { length } : this.#answered(length);
      case SETTINGS:
        return (flags & ACK) !== 0 ? { length } : { length, respond: frame(SETTINGS, ACK, 0, NOTHING) };
      case PING:
        return (flags & ACK) !== 0 ? { length } : { length, respond: frame(PING, ACK, 0, payload) };
      case WINDOW_UPDATE:
        if (bytes.readUInt32BE(5) === 0) this.#sendWindow += payload.readUInt32BE(0);
        return { length };
      case RST_STREAM:
        // A server may reset a stream that it has answered, if it answered before it had read all (RFC 9113, 8.1).
        if (this.#isAnswered || bytes.readUInt32BE(5) !== this.#stream) return { length };
        throw new Error(`the server reset the stream: ${payload.toString('hex')}`);
      case GOAWAY:
        throw new Error(`the server ended the connection: ${payload.toString('hex')}`);
      default:
        return { length };
    }
  }

  #answered(length: number): Decoded<GrpcReply> {
    this.#isAnswered = true;
    return { length, reply: { message: this.#message() } };
  }

  #message(): Buffer | undefined {
    const { length } = this.#prefixed;
    if (length === 0) return undefined;
    const expected = length < GRPC_PREFIX_BYTES ? -1 : GRPC_PREFIX_BYTES + this.#prefixed.readUInt32BE(1);
    if (length !== expected) throw new Error(`a message of ${length} bytes that says it has ${expected}`);
    return this.#prefixed.subarray(GRPC_PREFIX_BYTES);
  }

  #data(payload: Buffer, length: number): Decoded<GrpcReply> {
    this.#prefixed = this.#prefixed.length === 0 ? payload : Buffer.concat([this.#prefixed, payload]);
    this.#received += payload.length;
    if (this.#received < WINDOW_BYTES / 2) return { length };
    const respond = frame(WINDOW_UPDATE, 0, 0, uint32(this.#received));
    this.#received = 0;
    return { length, respond };
  }
}
