/** Keys in paths and queries: every byte of UTF-8 can be one, and what is none is refused without a guess. */
import { describe, expect, it } from 'vitest';
import { expectProblem, listening, openApp, parseMessage, problemIn, rawExchange, succeed } from './harness.js';

/** Path as it is sent, and the key it names. */
const PATHS: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['a/b/c', 'a/b/c'],
  ['a%2Fb', 'a/b'],
  ['a%2fb', 'a/b'],
  ['trailing/', 'trailing/'],
  ['/leading', '/leading'],
  ['a//b', 'a//b'],
  ['.', '.'],
  ['..', '..'],
  ['a/../b', 'a/../b'],
  ['%2E%2E', '..'],
  ['a+b', 'a+b'],
  ['a%20b', 'a b'],
  ['a%2Bb', 'a+b'],
  ['100%25', '100%'],
  ['%2525', '%25'],
  ['%2541', '%41'],
  ['what%3Fever', 'what?ever'],
  ['%23', '#'],
  ['a;b=c,d', 'a;b=c,d'],
  [':name', ':name'],
  ['*', '*'],
  ['-', '-'],
  ['%00', '\0'],
  ['%0A', '\n'],
  ['%C3%A9', 'é'],
  ['%e2%82%ac', '€'],
  ['%F0%9F%92%A1', '💡'],
  ['%EF%BB%BFbom', '\ufeffbom'],
  ['__proto__', '__proto__'],
];

describe('the path names the key', () => {
  it.each(PATHS)('/v1/kv/%s', async (path, key) => {
    const { app } = openApp();
    const port = await listening(app);
    const send = async (method: string): Promise<string> => {
      const head = `${method} /v1/kv/${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1`;
      return rawExchange(port, head);
    };
    const put = parseMessage(await send('PUT'));
    expect(put.status, put.body).toBe(200);
    expect(JSON.parse(put.body)).toMatchObject({ key });
    const entry = await app.inject(`/v1/kv?key=${encodeURIComponent(key)}&format=entry`);
    expect(entry.json()).toMatchObject({ key, value: '1' });
    expect(parseMessage(await send('DELETE')).status).toBe(200);
    expectProblem(await app.inject(`/v1/kv?key=${encodeURIComponent(key)}`), 'not-found');
  });

  it('also behind scheme and authority, as a proxy sends it', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head =
      'PUT http://example.test/v1/kv/a%2F?consistency=eventual HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const { status, body } = parseMessage(await rawExchange(port, head));
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ key: 'a/', level: 'eventual' });
  });

  it('with 511 bytes, and no more', async () => {
    const { app } = openApp();
    for (const longest of ['k'.repeat(511), 'é'.repeat(255), '€'.repeat(170)]) {
      await succeed(app, { method: 'PUT', url: `/v1/kv/${encodeURIComponent(longest)}`, payload: 'x' });
      expect((await succeed(app, { url: `/v1/kv/${encodeURIComponent(longest)}` })).body).toBe('x');
    }
  });
});

describe('a key is refused', () => {
  it.each([
    ['that is empty', ''],
    ['of 512 bytes', 'k'.repeat(512)],
    ['of 256 characters that are 512 bytes', '%C3%A9'.repeat(256)],
    ['with a percent sign at its end', 'a%'],
    ['with a percent sign and one digit', 'a%4'],
    ['with a percent sign and no digits', 'a%zz'],
    ['with half a digit pair', 'a%4g'],
    ['with a percent sign and a sign', 'a%+1'],
    ['that is not UTF-8', '%FF'],
    ['with a cut UTF-8 sequence', 'a%C3'],
    ['with an overlong UTF-8 sequence', '%C0%AF'],
    ['with a surrogate in UTF-8', '%ED%A0%80'],
    ['beyond the last character', '%F4%90%80%80'],
  ])('%s', async (_, path) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'GET', 'DELETE'] as const) {
      expectProblem(await app.inject({ method, url: `/v1/kv/${path}` }), 'invalid-request');
    }
    expect((await app.inject({ method: 'HEAD', url: `/v1/kv/${path}` })).statusCode).toBe(400);
    expect(replica.calls).toBe(0);
  });

  it('with characters beyond ASCII that are not encoded', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const head = Buffer.from('GET /v1/kv/caf\u00e9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'utf8');
    expect(problemIn(parseMessage(await rawExchange(port, head)), 'invalid-request')).toMatchObject({
      detail: expect.stringContaining('percent-encoded'),
    });
  });

  it.each([
    ['no key at all', 'PUT', '/v1/kv'],
    ['an empty one', 'PUT', '/v1/kv?key='],
    ['two', 'DELETE', '/v1/kv?key=a&key=b'],
    ['one that is too long', 'PUT', `/v1/kv?key=${'k'.repeat(512)}`],
    ['one that is not UTF-8', 'DELETE', '/v1/kv?key=%FF'],
  ] as const)('where the query names %s', async (_, method, url) => {
    const { app, replica } = openApp();
    expectProblem(await app.inject({ method, url }), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('where the path only looks like that of keys once it is decoded', async () => {
    const { app } = openApp();
    expectProblem(await app.inject('/v1/%6Bv/a'), 'not-found');
  });
});

describe('the query names a key that a path cannot carry', () => {
  it.each(['..', '.', 'a/./b', 'a,b', 'a b', '%'])('%s', async (key) => {
    const { app } = openApp();
    const url = `/v1/kv?key=${encodeURIComponent(key)}`;
    const put = await succeed(app, { method: 'PUT', url, payload: 'x', headers: { 'content-type': 'text/css' } });
    expect(put.json()).toMatchObject({ key });
    const read = await succeed(app, { url });
    expect(read.body).toBe('x');
    expect(read.headers['content-type']).toBe('text/css');
    await succeed(app, { method: 'DELETE', url });
    expectProblem(await app.inject(url), 'not-found');
  });
});

describe('unknown parameters are refused', () => {
  it.each([
    ['GET', '/v1/kv/k?fromat=entry'],
    ['GET', '/v1/kv/k?key=j'],
    ['GET', '/v1/kv/k?format=xml'],
    ['GET', '/v1/kv/k?format='],
    ['GET', '/v1/kv/k?format=entry&format=entry'],
    ['PUT', '/v1/kv/k?format=entry'],
    ['PUT', '/v1/kv/k?ttl=5'],
    ['DELETE', '/v1/kv/k?x'],
    ['GET', '/v1/kv/k?%FF=1'],
    ['GET', '/v1/kv/k?format=%zz'],
    ['GET', '/v1/replica?x=1'],
    ['GET', '/v1/cluster?x=1'],
    ['GET', '/v1/faults?x=1'],
    ['GET', '/readyz?lavel=causal'],
  ] as const)('%s %s', async (method, url) => {
    const { app, replica } = openApp();
    expectProblem(await app.inject({ method, url }), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it('but not an empty query', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: '/v1/kv/k?' });
    await succeed(app, { url: '/v1/kv/k?&' });
  });
});
