/** A proxy that holds back, delays and breaks what goes through it, and loses nothing of what it does not break. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { TcpLink } from '../../../../src/lab/sites/tcp-link.js';

/** One end of a connection, and everything it was sent. */
class End {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.receivedBytes += chunk.length;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

let link: TcpLink;
let straight: TcpLink;
let accepted: End[];

beforeEach(async () => {
  accepted = [];
  const server = createServer((socket) => void accepted.push(new End(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  link = await TcpLink.open(target);
  straight = await TcpLink.open(target);
  onTestFinished(async () => {
    await Promise.all([link.close(), straight.close()]);
    server.close();
  });
});

async function open(through: TcpLink): Promise<{ readonly near: End; readonly far: End }> {
  const before = accepted.length;
  const near = new End(connect(through.address));
  onTestFinished(() => void near.socket.destroy());
  await expect.poll(() => accepted.length).toBe(before + 1);
  return { near, far: accepted[before] as End };
}

/** Something sent later, on another way, has gone there and back. */
async function timePasses(): Promise<void> {
  const { near, far } = await open(straight);
  near.socket.write('ping');
  await expect.poll(() => far.text).toBe('ping');
  far.socket.write('pong');
  await expect.poll(() => near.text).toBe('pong');
}

test('what is held back in one direction arrives after the heal, and the other direction goes on', async () => {
  const { near, far } = await open(link);
  link.hold('forth');
  near.socket.write('held');
  far.socket.write('free');
  await expect.poll(() => near.text).toBe('free');
  await timePasses();
  expect(far.text).toBe('');
  near.socket.write(' back');
  link.heal();
  await expect.poll(() => far.text).toBe('held back');
});

test('a connection that ends behind a cut is heard to have ended after the heal only', async () => {
  const { near, far } = await open(link);
  let hasEnded = false;
  near.socket.once('close', () => {
    hasEnded = true;
  });
  link.hold('back');
  far.socket.end('farewell');
  await timePasses();
  expect([near.text, hasEnded]).toEqual(['', false]);
  link.heal();
  await expect.poll(() => [near.text, hasEnded]).toEqual(['farewell', true]);
});

test('a broken link ends its connections and refuses new ones until the heal', async () => {
  const { near, far } = await open(link);
  const ended = Promise.all([once(near.socket, 'close'), once(far.socket, 'close')]);
  link.sever();
  await ended;
  const refused = connect(link.address).on('error', () => undefined);
  await once(refused, 'close');
  expect(accepted).toHaveLength(1);
  link.heal();
  await open(link);
});

test('much more than is kept in mind gets through a cut and a delay, byte for byte', async () => {
  const { near, far } = await open(link);
  const pattern = Buffer.from(Array.from({ length: 997 }, (_, i) => (i * i) >> 3));
  const bytes = Buffer.alloc(3 * 1024 * 1024, pattern);
  link.delay(2);
  near.socket.write(bytes.subarray(0, 1024));
  await expect.poll(() => far.receivedBytes).toBe(1024);
  link.hold('forth');
  near.socket.end(bytes.subarray(1024));
  await timePasses();
  link.heal();
  await expect.poll(() => far.receivedBytes).toBe(bytes.length);
  expect(Buffer.concat(far.chunks).equals(bytes)).toBe(true);
});
