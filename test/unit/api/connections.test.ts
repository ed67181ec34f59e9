/** What goes wrong before there is a request: every message that is no HTTP gets a problem, and harms nobody else. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/base/errors.js';
import { listening, openApp, parseMessage, problemIn, rawExchange, succeed, tokenNaming } from './harness.js';

const CLOSE = 'Connection: close\r\n\r\n';

describe('a message is answered with a problem', () => {
  it.each<[string, string, ErrorCode]>([
    ['that is no HTTP', 'hello there\r\n\r\n', 'invalid-request'],
    ['that is TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'invalid-request'],
    ['with a method nobody knows', `BREW /v1/kv/k HTTP/1.1\r\nHost: x\r\n${CLOSE}`, 'invalid-request'],
    ['of HTTP/2', `GET /v1/kv/k HTTP/2.0\r\nHost: x\r\n${CLOSE}`, 'invalid-request'],
    ['without a Host', `GET /v1/kv/k HTTP/1.1\r\n${CLOSE}`, 'invalid-request'],
    ['with a header that is none', `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nno colon\r\n${CLOSE}`, 'invalid-request'],
    ['with a space in a header name', `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nA b: c\r\n${CLOSE}`, 'invalid-request'],
    ['with a bare line feed', `GET /v1/kv/k HTTP/1.1\r\nHost: x\nA: b\r\rX\r\n${CLOSE}`, 'invalid-request'],
    [
      'with two lengths',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n${CLOSE}1`,
      'invalid-request',
    ],
    ['with two Hosts', `GET /v1/kv/k HTTP/1.1\r\nHost: a\r\nHost: b\r\n${CLOSE}`, 'invalid-request'],
    [
      'with a body in a transfer coding that is not understood',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n${CLOSE}1\r\na\r\n0\r\n\r\n`,
      'invalid-request',
    ],
    [
      'with a body that is compressed',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n${CLOSE}a`,
      'unsupported-media-type',
    ],
    [
      'with a part of a body',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-0/9\r\nContent-Length: 1\r\n${CLOSE}a`,
      'invalid-request',
    ],
    [
      'with two types of one body',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n${CLOSE}a`,
      'unsupported-media-type',
    ],
    [
      'with thousands of headers before the one that is wrong',
      `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n${'A:\r\n'.repeat(2500)}Consistency-Level: strict\r\n${CLOSE}`,
      'invalid-consistency-level',
    ],
    [
      'with a length that is none',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n${CLOSE}`,
      'invalid-request',
    ],
    ['with a negative length', `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n${CLOSE}`, 'invalid-request'],
    [
      'with a length and in chunks',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n${CLOSE}0\r\n\r\n`,
      'invalid-request',
    ],
    [
      'with a chunk size that is none',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n${CLOSE}zz\r\nabc\r\n0\r\n\r\n`,
      'invalid-request',
    ],
    [
      'with a chunk that is longer than it says',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n${CLOSE}2\r\nabc\r\n0\r\n\r\n`,
      'invalid-request',
    ],
    [
      'with an expectation nobody can meet',
      `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n${CLOSE}`,
      'invalid-request',
    ],
    [
      'with giant headers',
      `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n${CLOSE}`,
      'headers-too-large',
    ],
    [
      'with a giant token',
      `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: c1.${'A'.repeat(60_000)}\r\n${CLOSE}`,
      'headers-too-large',
    ],
    ['with a giant path', `GET /v1/kv/${'k'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n${CLOSE}`, 'headers-too-large'],
    [
      'with a token over its limit',
      `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: c1.${'A'.repeat(4000)}\r\n${CLOSE}`,
      'invalid-causal-token',
    ],
  ])('%s', async (_, bytes, code) => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const message = parseMessage(await rawExchange(port, Buffer.from(bytes, 'latin1')));
    expect(problemIn(message, code)).toMatchObject({ outcome: code === 'internal-error' ? 'unknown' : 'not-applied' });
    expect(Number(message.headers['content-length'])).toBe(Buffer.byteLength(message.body));
    expect(message.headers['connection']).toBe('close');
    expect(replica.calls).toBe(0);
    await succeed(app, { url: '/livez' });
  });

  it('but not in the place of an answer that is still due', async () => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const waiting = `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: ${tokenNaming(1)}\r\n\r\n`;
    const received = rawExchange(port, waiting, 'nonsense\r\n\r\n');
    expect(await received).toBe('');
    expect(replica.calls).toBe(1);
    await expect.poll(() => replica.waiting).toBe(0);
  });
});

describe('a client that goes away', () => {
  it('ends the wait that was for it', async () => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: ${tokenNaming(1)}\r\n\r\n`);
    await expect.poll(() => replica.waiting).toBe(1);
    socket.destroy();
    await expect.poll(() => replica.waiting).toBe(0);
    await expect.poll(async () => (await app.inject('/metrics')).body).toContain('causeway_http_requests_in_flight 0');
  });

  it('does not take back a write it sent whole', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const socket = connect(port, '127.0.0.1');
    socket.end('PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx');
    socket.resume();
    await expect.poll(async () => (await app.inject('/v1/kv/k')).statusCode).toBe(200);
  });

  it('in the middle of a body has written nothing, and is forgotten', async () => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const socket = connect(port, '127.0.0.1');
    socket.write('PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it');
    await expect.poll(async () => (await app.inject('/metrics')).body).toContain('causeway_http_requests_in_flight 1');
    socket.destroy();
    await expect.poll(async () => (await app.inject('/metrics')).body).toContain('causeway_http_requests_in_flight 0');
    expect(replica.calls).toBe(0);
  });
});

describe('a connection', () => {
  it('answers requests sent at once in their order', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const put = 'PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1';
    const bad = 'GET /v1/kv/%zz HTTP/1.1\r\nHost: x\r\n\r\n';
    const get = `GET /livez HTTP/1.1\r\nHost: x\r\n${CLOSE}`;
    const received = await rawExchange(port, put + bad + get);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  it('goes on after a problem, also one that left a body unread', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const refused = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n12345';
    const received = await rawExchange(port, `${refused}GET /livez HTTP/1.1\r\nHost: x\r\n${CLOSE}`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415', 'HTTP/1.1 200']);
  });

  it('takes a body that says it is not compressed', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head = `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Encoding: Identity\r\nContent-Length: 1\r\n${CLOSE}a`;
    expect(parseMessage(await rawExchange(port, head)).status).toBe(200);
  });

  it('may be of HTTP/1.0, without a Host', async () => {
    const { app } = openApp();
    const port = await listening(app);
    expect(parseMessage(await rawExchange(port, 'GET /v1/replica HTTP/1.0\r\n\r\n')).status).toBe(200);
  });

  it('is told to go on where it asks before it sends a body', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head = `PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n${CLOSE}x`;
    const received = await rawExchange(port, head);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });
});
