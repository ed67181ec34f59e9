/** The front reads and answers what it can, as Node and the framework would, and leaves everything else to them. */
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAuthTokens } from '../../../src/api/auth.js';
import { isNoRequest, PlainRequestReader } from '../../../src/api/front/plain-request.js';
import { listening, type Opened, openApp, rawExchange, tokenNaming } from './harness.js';

const HEAD = 'Host: x\r\n';
const CLOSE = 'Connection: close\r\n';
const STATUS = /HTTP\/1\.1 \d+/g;
/** Makes a request one for Node, and changes nothing else. */
const ODD = 'X-Odd: 1\r\nX-Odd: 2\r\n';

function put(key: string, fields = '', body = 'value'): string {
  return `PUT /v1/kv/${key} HTTP/1.1\r\n${HEAD}${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function get(key: string, fields = ''): string {
  return `GET /v1/kv/${key} HTTP/1.1\r\n${HEAD}${fields}\r\n`;
}

/** The answers to `requests`, each sent when the one before is answered; without what differs from one second to the next. */
async function conversation(requests: readonly string[]): Promise<string> {
  const { app } = openApp();
  const socket = await opened(app);
  let all = '';
  for (const request of requests) all += await answered(socket, request);
  socket.destroy();
  return all
    .replace(/^Date: .*$/gm, 'Date: now')
    .replace(/dur=[\d.]+/g, 'dur=0')
    .replace(/\d{13}\.\d+/g, 'stamp');
}

function answered(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const take = (bytes: Buffer): void => {
      answer += bytes.toString('latin1');
      const bodyStart = answer.indexOf('\r\n\r\n') + 4;
      const length = Number(/^Content-Length: (\d+)\r$/m.exec(answer)?.[1] ?? 0);
      if (bodyStart < 4 || answer.length < bodyStart + length) return;
      socket.off('data', take).off('close', reject);
      resolve(answer);
    };
    socket.on('data', take).once('close', reject);
    socket.write(request);
  });
}

describe('an answer of the front is that of Node, byte for byte,', () => {
  it.each<[string, readonly string[]]>([
    ['to a write and reads of it', [put('k'), get('k'), get('k?format=entry'), get('k?consistency=eventual')]],
    ['to a write of a type', [put('k', 'Content-Type: text/html; charset=utf-8\r\n'), get('k')]],
    ['to a write that wants no receipt', [put('k', 'Prefer: return=minimal\r\n'), get('k')]],
    ['to a delete', [put('k'), `DELETE /v1/kv/k HTTP/1.1\r\n${HEAD}\r\n`, get('k')]],
    ['to a read of what is there still', [put('k'), get('k', 'If-None-Match: *\r\n')]],
    ['to a read of what is not there', [get('none'), get('n%C3%B6ne')]],
    ['to a key that is none', [get('%zz'), get(`${'k'.repeat(512)}`)]],
    ['to a query that is not understood', [get('k?colour=red')]],
    ['to a level that is none', [get('k', 'Consistency-Level: strong\r\n')]],
    ['to a token that is damaged', [get('k', 'Causal-Token: c1.AAAA\r\n')]],
    [
      'to what is waited for in vain',
      [get('k', `Consistency-Level: causal;timeout=1\r\nCausal-Token: ${tokenNaming(1)}\r\n`)],
    ],
    ['to a condition at a weak level', [put('k', 'If-Match: *\r\n')]],
    ['to a request without a Host', ['GET /v1/kv/k HTTP/1.1\r\nAccept: */*\r\n\r\n']],
  ])('%s', async (_, requests) => {
    const odd = requests.map((request) => request.replace('HTTP/1.1\r\n', `HTTP/1.1\r\n${ODD}`));
    const [ofFront, ofNode] = [await conversation(requests), await conversation(odd)];
    expect(ofFront.match(STATUS)).toHaveLength(requests.length);
    expect(ofFront).toBe(ofNode);
  });
});

describe('the front', () => {
  it('asks for the same roles as the framework', async () => {
    const { app } = openApp({ authTokens: parseAuthTokens('{"tokens":[{"token":"r","role":"read"}]}', 'tokens.json') });
    const port = await listening(app);
    const known = 'Authorization: Bearer r\r\n';
    const requests = [get('k'), get('k', known), put('k', known), get('k', `${known}${CLOSE}`)];
    const received = await rawExchange(port, requests.join(''));
    expect(received.match(STATUS)).toEqual([401, 404, 403, 404].map((status) => `HTTP/1.1 ${status}`));
  });

  it.each<[string, readonly string[]]>([
    ['a head that comes in two pieces', [get('k').slice(0, 20), `${get('k').slice(20)}${get('k', CLOSE)}`]],
    ['a body that comes in two pieces', [put('k').slice(0, -2), `${put('k').slice(-2)}${get('k', CLOSE)}`]],
    ['a longer body than it takes', [put('k', '', 'x'.repeat(100_000)), get('k', CLOSE)]],
    ['another route', [`GET /livez HTTP/1.1\r\n${HEAD}\r\n`, get('k', CLOSE)]],
  ])('leaves %s to Node, and all that follows', async (_, parts) => {
    const { app } = openApp();
    const socket = await opened(app);
    const answers = received(socket);
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await answers).match(STATUS)).toHaveLength(2);
  });

  it('ends a connection that is idle for too long, and none on which an answer is due', async () => {
    const { app, replica } = openApp();
    app.server.keepAliveTimeout = 250;
    const socket = await opened(app);
    const waiting = received(socket);
    socket.write(get('k', `Causal-Token: ${tokenNaming(1)}\r\nConsistency-Level: causal;timeout=60000\r\n`));
    await expect.poll(() => replica.waiting).toBe(1);
    const idle = received(await opened(app));
    expect(await idle).toBe('');
    expect(replica.waiting).toBe(1);
    await replica.drain();
    expect(await waiting).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('serves no further requests to a client that does not read its answers, and all when it does', async () => {
    const { app, replica } = openApp();
    const socket = await opened(app);
    socket.pause();
    await app.inject({ method: 'PUT', url: '/v1/kv/k', payload: Buffer.alloc(400_000, 'v') });
    const before = replica.calls;
    socket.write(get('k').repeat(200));
    await expect.poll(() => replica.calls).toBeGreaterThan(before);
    expect(replica.calls - before).toBeLessThan(150);
    socket.on('data', () => undefined).resume();
    await expect.poll(() => replica.calls - before, { timeout: 30_000 }).toBe(200);
    await expect.poll(() => socket.bytesRead, { timeout: 30_000 }).toBeGreaterThan(200 * 400_000);
    socket.destroy();
  });

  it('ends idle connections when the app closes', async () => {
    const { app } = openApp();
    const socket = await opened(app);
    const answers = received(socket);
    await answered(socket, get('k'));
    await app.close();
    expect(await answers).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('what the front reads', () => {
  const mostly = (usual: readonly string[], ...odd: readonly string[]) =>
    fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
  const field = fc
    .tuple(
      mostly(['X-A', 'x-b', 'Host', 'Connection'], 'Transfer-Encoding', 'Expect', 'Upgrade', 'A b', '', '__proto__'),
      mostly([':', ': ', ':\t '], ' :', ''),
      mostly(
        ['1', 'keep-alive', 'a b\tc', '  d '],
        'close',
        '',
        'chunked',
        '\x01',
        'é',
        '\xa0e',
        '100-continue',
        'f\rg',
      ),
      mostly(['\r\n'], '\n', ' \r\n', '\r\n '),
    )
    .map((parts) => parts.join(''));
  const line = fc
    .tuple(
      mostly(['GET', 'PUT', 'DELETE'], 'POST', 'get', 'HEAD'),
      mostly([' '], '  ', '\t'),
      mostly(['/v1/kv/k', '/v1/kv/%zz?x=y'], '/v1/kv/a b', '/v1/kv/#', '/v1/kv/é', '/livez'),
      mostly([' HTTP/1.1\r\n'], ' HTTP/1.0\r\n', '\r\n', ' HTTP/1.1\n'),
    )
    .map((parts) => parts.join(''));
  const length = mostly(
    ['', 'Content-Length: 5\r\n'],
    'Content-Length: 0\r\n',
    'Content-Length: 05\r\n',
    'content-length:+5\r\n',
  );
  const end = mostly(['\r\n', '\r\n12345', '\r\n12345GET'], '\n', '\r\n1');
  const text = fc
    .tuple(line, fc.array(field, { maxLength: 3 }), length, end)
    .map(([first, fields, ...rest]) => [first, ...fields, ...rest].join(''));

  it('Node reads alike', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(text, async (sent) => {
        const bytes = Buffer.from(sent, 'latin1');
        const found = new PlainRequestReader().read(bytes);
        if (found === undefined) return;
        accepted += 1;
        const { method, originalUrl, headers, body } = found.request;
        expect(await asNodeReads(bytes.subarray(0, found.length))).toEqual({
          method,
          url: originalUrl,
          headers: { ...headers },
          body: Buffer.from(body ?? []).toString('latin1'),
        });
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('is the same when the same fields come again, and new when others come', () => {
    const reader = new PlainRequestReader();
    const read = (sent: string) => reader.read(Buffer.from(sent))?.request;
    expect(read(get('a', 'X-A: 1\r\n'))).toMatchObject({ originalUrl: '/v1/kv/a', headers: { 'x-a': '1' } });
    expect(read(get('b', 'X-A: 1\r\n'))).toMatchObject({ originalUrl: '/v1/kv/b', headers: { 'x-a': '1' } });
    expect(read(get('b', 'X-A: 2\r\n'))).toMatchObject({ headers: { 'x-a': '2' } });
  });

  it.each([
    ['nonsense\r\n', true],
    ['\r\n', true],
    ['GET / HTTP/2.0\r\n', true],
    ['GET /v1/kv/k HTTP/1.1\r\n', false],
    ['POST /x HTTP/1.0\r\n', false],
    ['nonsense with no end', false],
  ])('%j is no request: %s', (sent, expected) => {
    expect(isNoRequest(Buffer.from(sent))).toBe(expected);
  });
});

async function opened(app: Opened['app']): Promise<Socket> {
  const port = app.server.listening ? (app.server.address() as { port: number }).port : await listening(app);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

function received(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    socket.on('data', (bytes) => {
      all += bytes.toString('latin1');
    });
    socket.once('close', () => resolve(all));
  });
}

/** One message as Node's own parser takes it; undefined if it takes none. */
async function asNodeReads(bytes: Uint8Array): Promise<unknown> {
  const server = createServer({ requireHostHeader: false });
  onTestFinished(() => void server.close());
  const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const arrived = new Promise<IncomingMessage | undefined>((resolve) => {
    server.once('request', resolve);
    server.once('clientError', () => resolve(undefined));
  });
  server.emit('connection', stream);
  stream.push(bytes);
  const request = await arrived;
  if (request === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, url, headers } = request;
  stream.destroy();
  return { method, url, headers: { ...headers }, body: Buffer.concat(chunks).toString('latin1') };
}
