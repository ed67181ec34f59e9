/** One key: what is stored comes back as it was, with headers that say what is known of it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import {
  ELSEWHERE,
  EMPTY_TOKEN,
  expectProblem,
  listening,
  openApp,
  parseMessage,
  problemIn,
  rawExchange,
  succeed,
  tokenNaming,
} from './harness.js';
import type { MemoryReplica } from './memory-replica.js';

const URL = '/v1/kv/some/key';
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const TIMING = /^wait;dur=[\d.]+, log;dur=0, store;dur=[\d.]+, total;dur=[\d.]+$/;

/** A concurrent version of the key from another member. */
function arrive(replica: MemoryReplica, key: string, counter: number, ms: number, text: string | undefined): void {
  const stem = {
    dot: { origin: ELSEWHERE, counter },
    hlc: { ms, logical: 7 },
    deps: VersionVector.EMPTY,
    seen: 0,
    twins: [],
  };
  replica.receive(
    key,
    text === undefined
      ? { ...stem, kind: 'tombstone' }
      : { ...stem, kind: 'value', contentType: 'text/plain', bytes: Buffer.from(text) },
  );
}

describe('a write', () => {
  it.each(['PUT', 'DELETE'] as const)('by %s is answered with a receipt of exactly seven members', async (method) => {
    const { app } = openApp();
    const response = await succeed(app, { method, url: URL, ...(method === 'PUT' ? { payload: 'x' } : {}) });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    const receipt = response.json();
    expect(Object.keys(receipt).sort()).toEqual(
      ['durability', 'etag', 'key', 'level', 'replica', 'timestamp', 'token'].sort(),
    );
    expect(receipt).toMatchObject({ key: 'some/key', level: 'causal', durability: 'local', replica: 'r1' });
    expect(receipt.etag).toBe(response.headers['etag']);
    expect(receipt.etag).toMatch(/^"r1~[0-9a-f]{8}\.1"$/);
    expect(receipt.token).toBe(response.headers['causal-token']);
    expect(receipt.timestamp).toBe(response.headers['version-timestamp']);
    expect(receipt.timestamp).toMatch(/^\d+\.\d+$/);
    expect(response.headers).toMatchObject({ durability: 'local', 'served-by': 'r1', 'consistency-level': 'causal' });
    expect(response.headers['server-timing']).toMatch(TIMING);
  });

  it.each(['PUT', 'DELETE'] as const)('by %s is answered with 204 where no receipt is preferred', async (method) => {
    const { app } = openApp();
    const response = await succeed(app, { method, url: URL, headers: { prefer: 'respond-async, return=minimal' } });
    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    expect(response.headers).toMatchObject({ 'preference-applied': 'return=minimal', durability: 'local' });
    expect(response.headers['etag']).toMatch(/^"r1~/);
    expect(response.headers['content-length']).toBeUndefined();
    expect(response.headers['causal-token']).not.toBe(EMPTY_TOKEN);
  });

  it.each(['return=representation', 'return=minimalist', 'minimal', ''])(
    'keeps its receipt where the preference is "%s"',
    async (prefer) => {
      const { app } = openApp();
      expect((await succeed(app, { method: 'PUT', url: URL, headers: { prefer } })).statusCode).toBe(200);
    },
  );

  it('of the absent is a delete like any other', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'DELETE', url: URL });
    await succeed(app, { method: 'DELETE', url: URL });
    expectProblem(await app.inject(URL), 'not-found');
  });
});

describe('a value', () => {
  it.each([
    ['of every byte', EVERY_BYTE],
    ['of no byte', Buffer.alloc(0)],
    ['of the greatest size', Buffer.alloc(LIMITS.valueMaxBytes, 7)],
  ])('%s comes back as it was sent', async (_, payload) => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL, payload, headers: { 'content-type': 'application/x-thing' } });
    const read = await succeed(app, { url: URL });
    expect(read.rawPayload.equals(payload)).toBe(true);
    expect(read.headers).toMatchObject({
      'content-type': 'application/x-thing',
      'content-length': String(payload.length),
      'x-content-type-options': 'nosniff',
      conflicts: '0',
      'consistency-level': 'causal',
      'served-by': 'r1',
    });
    expect(read.headers['etag']).toMatch(/^"r1~[0-9a-f]{8}\.1"$/);
    expect(read.headers['version-timestamp']).toMatch(/^\d+\.\d+$/);
    expect(read.headers['server-timing']).toMatch(TIMING);
  });

  it.each([
    [
      'the type it was sent with',
      'text/markdown; charset=utf-8; variant=GFM',
      'text/markdown; charset=utf-8; variant=GFM',
    ],
    ['JSON without a charset of ours', 'application/json', 'application/json'],
    ['its type in the case it had', 'Text/HTML;Charset=Latin1', 'Text/HTML;Charset=Latin1'],
    ['a type of 255 characters', `a/${'b'.repeat(253)}`, `a/${'b'.repeat(253)}`],
    ['text/plain for what curl -d says by default', 'application/x-www-form-urlencoded', 'text/plain'],
    [
      'a form where its charset shows that it was meant',
      'application/x-www-form-urlencoded; charset=utf-8',
      'application/x-www-form-urlencoded; charset=utf-8',
    ],
    ['the type of bytes where none was sent', undefined, 'application/octet-stream'],
  ])('has %s', async (_, sent, stored) => {
    const { app } = openApp();
    const headers = sent === undefined ? {} : { 'content-type': sent };
    await succeed(app, { method: 'PUT', url: URL, payload: Buffer.from('a=b'), headers });
    const read = await succeed(app, { url: URL });
    expect(read.headers['content-type']).toBe(stored);
    expect(read.body).toBe('a=b');
  });

  it.each(['text/html', 'image/svg+xml', 'application/xhtml+xml; charset=utf-8', 'text/javascript'])(
    'of the active type %s is shown by browsers in a sandbox',
    async (type) => {
      const { app } = openApp();
      await succeed(app, { method: 'PUT', url: URL, payload: '<script>', headers: { 'content-type': type } });
      expect((await succeed(app, { url: URL })).headers['content-security-policy']).toBe('sandbox');
    },
  );

  it.each([
    ['of 256 characters', `a/${'b'.repeat(254)}`],
    ['without a subtype', 'text'],
    ['with an empty subtype', 'text/'],
    ['with two slashes', 'text/plain/x'],
    ['that is empty', ''],
    ['with characters beyond ASCII', 'text/plain; name=é'],
    ['with a space inside', 'text/ plain x'],
  ])('is refused with a type %s', async (_, type) => {
    const { app, replica } = openApp();
    const response = await app.inject({ method: 'PUT', url: URL, payload: 'x', headers: { 'content-type': type } });
    expectProblem(response, response.statusCode === 415 ? 'unsupported-media-type' : 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('comes without its bytes to a HEAD', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL, payload: '12345', headers: { 'content-type': 'text/css' } });
    const port = await listening(app);
    const head = `HEAD ${URL} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const message = parseMessage(await rawExchange(port, head));
    expect(message).toMatchObject({ status: 200, body: '' });
    expect(message.headers).toMatchObject({ 'content-length': '5', 'content-type': 'text/css', conflicts: '0' });
    const missing = parseMessage(await rawExchange(port, head.replace(URL, '/v1/kv/none')));
    expect(missing).toMatchObject({ status: 404, body: '' });
  });

  it('needs no length announced', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head = `PUT ${URL} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    expect(parseMessage(await rawExchange(port, head, '3\r\nabc\r\n', '2\r\nde\r\n0\r\n\r\n')).status).toBe(200);
    expect((await succeed(app, { url: URL })).body).toBe('abcde');
  });
});

describe('a value over 512 KiB is refused', () => {
  const tooLong = Buffer.alloc(LIMITS.valueMaxBytes + 1024, 7);

  it('by its announced length', async () => {
    const { app, replica } = openApp();
    expectProblem(await app.inject({ method: 'PUT', url: URL, payload: tooLong }), 'value-too-large');
    expectProblem(await app.inject({ method: 'PUT', url: '/v1/kv?key=k', payload: tooLong }), 'value-too-large');
    expect(replica.calls).toBe(0);
  });

  it.each([
    ['with its length announced', `Content-Length: ${tooLong.length}`, [tooLong]],
    ['in chunks', 'Transfer-Encoding: chunked', [`${tooLong.length.toString(16)}\r\n`, tooLong, '\r\n0\r\n\r\n']],
  ])('so that the client gets to read why, %s', async (_, header, body) => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const head = `PUT ${URL} HTTP/1.1\r\nHost: x\r\n${header}\r\nConnection: close\r\n\r\n`;
    problemIn(parseMessage(await rawExchange(port, head, ...body)), 'value-too-large');
    expect(replica.calls).toBe(0);
  });

  it('and the connection serves the next request', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head = `PUT ${URL} HTTP/1.1\r\nHost: x\r\nContent-Length: ${tooLong.length}\r\n\r\n`;
    const next = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const received = await rawExchange(port, head, tooLong, next);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toContain('HTTP/1.1 200 ');
  });
});

describe('an entry', () => {
  it('has exactly the members of the contract', async () => {
    const { app } = openApp();
    const put = await succeed(app, {
      method: 'PUT',
      url: URL,
      payload: 'zwölf €',
      headers: { 'content-type': 'text/plain' },
    });
    const response = await succeed(app, { url: `${URL}?format=entry` });
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toEqual({
      key: 'some/key',
      etag: put.headers['etag'],
      contentType: 'text/plain',
      encoding: 'utf8',
      value: 'zwölf €',
      timestamp: put.headers['version-timestamp'],
      level: 'causal',
      token: response.headers['causal-token'],
      siblings: [],
    });
  });

  it('carries bytes that are no text as base64', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL, payload: EVERY_BYTE });
    const entry = (await succeed(app, { url: `${URL}?format=entry` })).json();
    expect(entry).toMatchObject({ encoding: 'base64', value: EVERY_BYTE.toString('base64') });
  });

  it('lists the siblings, values and deletes', async () => {
    const { app, replica } = openApp();
    await succeed(app, { method: 'PUT', url: URL, payload: 'mine' });
    arrive(replica, 'some/key', 1, 2, 'theirs');
    arrive(replica, 'some/key', 2, 1, undefined);
    const response = await succeed(app, { url: `${URL}?format=entry` });
    expect(response.json()).toMatchObject({
      value: 'mine',
      siblings: [
        { etag: `"${ELSEWHERE}.1"`, timestamp: '2.7', contentType: 'text/plain', encoding: 'utf8', value: 'theirs' },
        { etag: `"${ELSEWHERE}.2"`, timestamp: '1.7', deleted: true },
      ],
    });
    expect((await succeed(app, { url: URL })).headers['conflicts']).toBe('2');
  });
});

describe('an absent key', () => {
  it('is a problem that knows no version', async () => {
    const { app } = openApp();
    const response = await app.inject(URL);
    expect(expectProblem(response, 'not-found')).not.toHaveProperty('siblings');
    expect(response.headers).toMatchObject({ conflicts: '0', 'causal-token': EMPTY_TOKEN });
    expect(response.headers['version-timestamp']).toBeUndefined();
  });

  it('that was deleted says when, and depends on the delete', async () => {
    const { app } = openApp();
    const gone = await succeed(app, { method: 'DELETE', url: URL });
    for (const url of [URL, `${URL}?format=entry`]) {
      const response = await app.inject(url);
      expectProblem(response, 'not-found');
      expect(response.headers['version-timestamp']).toBe(gone.headers['version-timestamp']);
      expect(response.headers['causal-token']).toBe(gone.headers['causal-token']);
    }
  });

  it('whose delete won counts the values that lost, and shows them to who asks for the entry', async () => {
    const { app, replica } = openApp();
    arrive(replica, 'some/key', 1, 1, 'lost');
    arrive(replica, 'some/key', 2, 2, undefined);
    const plain = await app.inject(URL);
    expect(expectProblem(plain, 'not-found')).not.toHaveProperty('siblings');
    expect(plain.headers['conflicts']).toBe('1');
    const asEntry = expectProblem(await app.inject(`${URL}?format=entry`), 'not-found');
    expect(asEntry).toMatchObject({ siblings: [{ etag: `"${ELSEWHERE}.1"`, value: 'lost' }] });
  });
});

describe('a read with If-None-Match', () => {
  it.each([
    ['the current tag', (etag: string) => etag],
    ['the current tag, weak', (etag: string) => `W/${etag}`],
    ['a list that holds it', (etag: string) => `"x", ${etag}`],
    ['a star', () => '*'],
  ])('of %s is answered with 304 and no body', async (_, condition) => {
    const { app } = openApp();
    const { etag } = (await succeed(app, { method: 'PUT', url: URL, payload: 'x' })).headers;
    const headers = { 'if-none-match': condition(String(etag)) };
    const response = await app.inject({ url: URL, headers });
    expect(response.statusCode).toBe(304);
    expect(response.body).toBe('');
    expect(response.headers).toMatchObject({ etag, 'consistency-level': 'causal' });
    expect(response.headers['causal-token']).not.toBe(EMPTY_TOKEN);
  });

  it('of another tag gets the value', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL, payload: 'x' });
    expect((await succeed(app, { url: URL, headers: { 'if-none-match': '"r9~00000000.1"' } })).body).toBe('x');
  });

  it('of a key that is not there is a 404', async () => {
    const { app } = openApp();
    expectProblem(await app.inject({ url: URL, headers: { 'if-none-match': '*' } }), 'not-found');
  });
});

describe('a read with If-Match', () => {
  it.each([
    ['the current tag', (etag: string) => etag],
    ['a list that holds it', (etag: string) => `"x", ${etag}`],
    ['a star', () => '*'],
  ])('of %s gets the value', async (_, condition) => {
    const { app } = openApp();
    const { etag } = (await succeed(app, { method: 'PUT', url: URL, payload: 'x' })).headers;
    expect((await succeed(app, { url: URL, headers: { 'if-match': condition(String(etag)) } })).body).toBe('x');
  });

  it.each([
    ['another tag', () => '"r9~00000000.1"'],
    ['the current tag, weak', (etag: string) => `W/${etag}`],
  ])('of %s is told which there is, and has seen it', async (_, condition) => {
    const { app } = openApp();
    const { headers } = await succeed(app, { method: 'PUT', url: URL, payload: 'x' });
    const refused = await app.inject({ url: URL, headers: { 'if-match': condition(String(headers['etag'])) } });
    expect(expectProblem(refused, 'precondition-failed')).toMatchObject({ etag: headers['etag'] });
    expect(refused.headers['causal-token']).toBe(headers['causal-token']);
  });

  it('of a key that is not there is a 404', async () => {
    const { app } = openApp();
    expectProblem(await app.inject({ url: URL, headers: { 'if-match': '*' } }), 'not-found');
  });
});

describe('a token', () => {
  it('is waited for until what it names has come', async () => {
    const { app, replica } = openApp();
    const headers = { 'causal-token': tokenNaming(1) };
    const reading = app.inject({ url: URL, headers });
    await expect.poll(() => replica.waiting).toBe(1);
    arrive(replica, 'some/key', 1, 1, 'at last');
    const response = await reading;
    expect(response.body).toBe('at last');
    expect(response.headers['causal-token']).toBe(tokenNaming(1));
  });

  it('comes back joined with the write it was sent with', async () => {
    const { app } = openApp();
    const first = await succeed(app, { method: 'PUT', url: URL, payload: '1' });
    const headers = { 'causal-token': String(first.headers['causal-token']), 'consistency-level': 'eventual' };
    const second = await succeed(app, { method: 'PUT', url: '/v1/kv/other', payload: '2', headers });
    const third = await succeed(app, { url: URL, headers: { 'causal-token': String(second.headers['causal-token']) } });
    expect(third.headers['causal-token']).toBe(second.headers['causal-token']);
  });
});
