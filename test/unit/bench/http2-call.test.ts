/** The gRPC client of the peer comparison against the HTTP/2 server that comes with Node. */
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ClientSocket } from '../../../bench/load/client-socket.js';
import { GrpcConnection, type GrpcReply } from '../../../bench/peers/clients/http2-call.js';

let server: Http2Server | undefined;
let socket: ClientSocket<GrpcReply> | undefined;

afterEach(async () => {
  socket?.close();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});

type Answer = (stream: ServerHttp2Stream, message: Buffer) => void;

async function connectTo(answer: Answer, seen: string[][] = []) {
  server = createServer();
  server.on('stream', (stream, headers) => {
    seen.push(
      [headers[':method'], headers[':path'], headers[':authority'], headers['content-type'], headers['te']].map(String),
    );
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = new GrpcConnection('/kv.KV/Put', 'the-authority');
  const opened = await ClientSocket.open({ host: '127.0.0.1', port }, connection);
  socket = opened;
  return (message: string) => opened.ask(connection.call(Buffer.from(message)));
}

function prefixed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function reply(stream: ServerHttp2Stream, ...frames: readonly Uint8Array[]): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  for (const frame of frames) stream.write(frame);
  stream.end();
}

describe('a gRPC call', () => {
  it('arrives as it should, the first one and those that only point to its header fields', async () => {
    const seen: string[][] = [];
    const messages: string[] = [];
    const call = await connectTo((stream, message) => {
      messages.push(message.toString('latin1'));
      reply(stream, prefixed(message.subarray(5)));
    }, seen);
    const answers = [await call('one'), await call('two'), await call('three')];
    expect(answers.map(({ message }) => String(message))).toEqual(['one', 'two', 'three']);
    expect(messages).toEqual(['\0\0\0\0\x03one', '\0\0\0\0\x03two', '\0\0\0\0\x05three']);
    const expected = ['POST', '/kv.KV/Put', 'the-authority', 'application/grpc', 'trailers'];
    expect(seen).toEqual([expected, expected, expected]);
  });

  it('has its answer put together from several frames', async () => {
    const whole = prefixed(Buffer.from('in three parts'));
    const call = await connectTo((stream) => {
      reply(stream, whole.subarray(0, 3), whole.subarray(3, 9), whole.subarray(9));
    });
    expect(String((await call('x')).message)).toBe('in three parts');
  });

  it('that is refused has no message', async () => {
    const call = await connectTo((stream) =>
      stream.respond({ ':status': 200, 'grpc-status': '14' }, { endStream: true }),
    );
    expect((await call('x')).message).toBeUndefined();
  });

  it('goes on for longer than one window of bytes', async () => {
    const call = await connectTo((stream, message) => reply(stream, prefixed(message.subarray(5))));
    const long = 'y'.repeat(10_000);
    for (let i = 0; i < 10; i += 1) expect((await call(long)).message?.length).toBe(long.length);
  });

  it('fails when the stream is reset, and the connection with it', async () => {
    const call = await connectTo((stream) => stream.on('error', () => undefined).close(2));
    await expect(call('x')).rejects.toThrow('reset the stream');
    await expect(call('x')).rejects.toThrow();
  });

  it('has its answer, although the server resets the stream after that', () => {
    const frameOf = (kind: number, flags: number, payload: Buffer) =>
      Buffer.concat([Buffer.of(0, 0, payload.length, kind, flags, 0, 0, 0, 1), payload]);
    const connection = new GrpcConnection('/kv.KV/Put', 'the-authority');
    connection.call(Buffer.from('x'));
    const reset = frameOf(3, 0, Buffer.alloc(4));
    expect(() => connection.decode(reset)).toThrow('reset the stream');
    expect(connection.decode(frameOf(1, 5, Buffer.of(0x88)))).toMatchObject({ reply: { message: undefined } });
    expect(connection.decode(reset)).toEqual({ length: reset.length });
    connection.call(Buffer.from('y'));
    expect(connection.decode(reset)).toEqual({ length: reset.length });
  });

  it('is an error when its answer is shorter than it says', async () => {
    const call = await connectTo((stream) => reply(stream, prefixed(Buffer.from('short')).subarray(0, 8)));
    await expect(call('x')).rejects.toThrow('a message of 8 bytes that says it has 10');
  });
});
