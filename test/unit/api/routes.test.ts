/** What no route takes: unknown paths, known ones with another method, and routes of what this replica does not have. */
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import { CausewayError, ERRORS } from '../../../src/base/errors.js';
import { expectProblem, listening, openApp, parseMessage, problemIn, rawExchange } from './harness.js';

describe('an unknown path is a problem', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v1/'],
    ['GET', '/v2/kv/a'],
    ['GET', '/V1/kv/a'],
    ['GET', '/v1/kv1'],
    ['GET', '/v1//kv/a'],
    ['PUT', '/v1/watch'],
    ['GET', '/v1/watch'],
    ['GET', '/v1/docs/a'],
    ['GET', '/ui/'],
    ['POST', '/v1/batch/'],
    ['GET', '/v1/replica/'],
    ['PUT', '/v1/faults/links/r1'],
    ['GET', '/v1/locks'],
    ['GET', '/v1/locks/a/b'],
    ['POST', '/v1/locks/l/campaign'],
    ['GET', '/v1/claims/n'],
    ['GET', '/v1/claims/n/a/b'],
    ['POST', '/v1/members/r2/demote'],
    ['GET', '/favicon.ico'],
  ] as const)('%s %s', async (method, url) => {
    const { app } = openApp();
    expectProblem(await app.inject({ method, url }), 'not-found');
    if (method === 'GET') return;
    const headers = { 'content-type': 'application/json' };
    expectProblem(await app.inject({ method, url, payload: '{', headers }), 'not-found');
  });
});

describe('another method is refused with those that are allowed', () => {
  it.each([
    ['POST', '/v1/kv/a', 'DELETE, GET, HEAD, PUT'],
    ['PATCH', '/v1/kv/a/b%2Fc', 'DELETE, GET, HEAD, PUT'],
    ['OPTIONS', '/v1/kv/a', 'DELETE, GET, HEAD, PUT'],
    ['POST', '/v1/kv', 'DELETE, GET, HEAD, PUT'],
    ['GET', '/v1/batch', 'POST'],
    ['HEAD', '/v1/batch', 'POST'],
    ['PUT', '/v1/replica', 'GET, HEAD'],
    ['DELETE', '/v1/cluster', 'GET, HEAD'],
    ['PUT', '/v1/faults', 'DELETE, GET, HEAD'],
    ['GET', '/v1/faults/clock', 'DELETE, PUT'],
    ['POST', '/v1/faults/partitions/p', 'DELETE, PUT'],
    ['POST', '/v1/faults/links/r1/r2', 'DELETE, PUT'],
    ['GET', '/v1/txn', 'POST'],
    ['PUT', '/v1/sequences/s', 'GET, HEAD'],
    ['GET', '/v1/sequences/s/next', 'POST'],
    ['POST', '/v1/claims/n/v', 'DELETE, GET, HEAD, PUT'],
    ['POST', '/v1/constraints/c', 'DELETE, GET, HEAD, PUT'],
    ['DELETE', '/v1/locks/l', 'GET, HEAD'],
    ['GET', '/v1/locks/l/acquire', 'POST'],
    ['POST', '/v1/elections/e/observe', 'GET, HEAD'],
    ['PUT', '/v1/members', 'GET, HEAD, POST'],
    ['GET', '/v1/members/r2', 'DELETE'],
    ['POST', '/livez', 'GET, HEAD'],
    ['POST', '/readyz?level=causal', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['PUT', '/openapi.json', 'GET, HEAD'],
  ] as const)('%s %s', async (method, url, allow) => {
    const { app } = openApp();
    const response = await app.inject({ method, url });
    expect(response.headers['allow']).toBe(allow);
    if (method === 'HEAD') expect(response.statusCode).toBe(405);
    else expectProblem(response, 'method-not-allowed');
  });

  it.each(['TRACE', 'PROPFIND', 'QUERY'])('also %s, which few servers know', async (method) => {
    const { app } = openApp();
    const port = await listening(app);
    const head = `${method} /v1/kv/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const message = parseMessage(await rawExchange(port, head));
    expect(JSON.parse(message.body)).toMatchObject({ outcome: 'not-applied', status: message.status });
    expect([400, 405]).toContain(message.status);
  });
});

describe('without a consensus module there is no', () => {
  it.each([
    ['POST', '/v1/txn'],
    ['POST', '/v1/sequences/orders/next'],
    ['GET', '/v1/sequences/orders'],
    ['PUT', '/v1/claims/mail/a%40b.c'],
    ['DELETE', '/v1/claims/mail/x'],
    ['GET', '/v1/claims/mail/x'],
    ['PUT', '/v1/constraints/c'],
    ['POST', '/v1/locks/l/acquire'],
    ['POST', '/v1/locks/l/renew'],
    ['POST', '/v1/locks/l/release'],
    ['GET', '/v1/locks/l'],
    ['POST', '/v1/elections/e/campaign'],
    ['GET', '/v1/elections/e/observe'],
    ['POST', '/v1/elections/e/renew'],
    ['GET', '/v1/members'],
    ['POST', '/v1/members'],
    ['DELETE', '/v1/members/r3'],
    ['POST', '/v1/members/r3/lead'],
  ] as const)('%s %s', async (method, url) => {
    const { app, replica } = openApp();
    expect(expectProblem(await app.inject({ method, url }), 'level-not-offered')).toMatchObject({ served: [] });
    if (method === 'GET') return;
    for (const type of ['application/json', 'text/plain']) {
      const headers = { 'content-type': type };
      expectProblem(await app.inject({ method, url, payload: '{', headers }), 'level-not-offered');
    }
    expect(replica.calls).toBe(0);
  });
});

describe('a path that cannot be decoded is a problem', () => {
  it.each(['/v1/%zz', '/%', '/v1/replica%FF', '/v1/faults/partitions/%C3'])('%s', async (url) => {
    const { app } = openApp();
    expectProblem(await app.inject(url), 'invalid-request');
  });

  it('as is a name that is longer than any', async () => {
    const { app } = openApp();
    expectProblem(
      await app.inject({ method: 'DELETE', url: `/v1/faults/partitions/${'p'.repeat(101)}` }),
      'invalid-request',
    );
    expectProblem(
      await app.inject({ method: 'DELETE', url: `/v1/faults/partitions/${'p'.repeat(65)}` }),
      'invalid-request',
    );
  });
});

describe('a failure of the replica', () => {
  it.each(Object.entries(ERRORS).filter(([, { status }]) => status > 0))(
    '%s is a problem of its status',
    async (code) => {
      const { app, replica } = openApp();
      replica.bug = new CausewayError(code as keyof typeof ERRORS, 'something with numbers: 12 of 15', {
        missing: [{ origin: 'r2~00000001', have: 1, need: 2 }],
        owner: 'somebody',
        etag: null,
        served: ['eventual'],
        retryAfterSeconds: 2.5,
      });
      const response = await app.inject({ method: 'PUT', url: '/v1/kv/k', payload: 'x' });
      expect(expectProblem(response, code as keyof typeof ERRORS)).toEqual({
        type: `urn:causeway:error:${code}`,
        title: expect.any(String),
        status: response.statusCode,
        detail: 'something with numbers: 12 of 15',
        level: 'causal',
        replica: 'r1',
        retryable: expect.any(Boolean),
        outcome: expect.stringMatching(/^(not-applied|unknown)$/),
        missing: [{ origin: 'r2~00000001', have: 1, need: 2 }],
        owner: 'somebody',
        etag: null,
        served: ['eventual'],
      });
      const { retryable } = ERRORS[code as keyof typeof ERRORS];
      expect(response.headers['retry-after']).toBe(retryable ? '3' : undefined);
      expect(response.headers['consistency-level']).toBe('causal');
    },
  );

  it('that nobody foresaw tells its story to the log and not to the client', async () => {
    const { app, replica, events } = openApp();
    replica.bug = new TypeError('secret of the inner rooms');
    const response = await app.inject({ method: 'PUT', url: '/v1/kv/k', payload: 'x' });
    expect(expectProblem(response, 'internal-error')).toMatchObject({ outcome: 'unknown' });
    expect(response.body).not.toContain('secret');
    expect(events).toEqual([
      {
        name: 'api.internal-error',
        level: 'error',
        facts: { method: 'PUT', target: '/v1/kv/k', error: expect.stringContaining('TypeError: secret of the inner') },
      },
    ]);
  });

  it('that stops the process is unknown to the client it meets', async () => {
    const { app, replica, events } = openApp();
    replica.bug = new CausewayError('storage-failed', 'no space left on the device');
    expectProblem(await app.inject({ method: 'DELETE', url: '/v1/kv/k' }), 'internal-error');
    expect(events).toHaveLength(1);
  });

  it('that is a broken invariant ends the process, after the answer', async () => {
    const broken: unknown[] = [];
    const { app, replica } = openApp({ onBrokenInvariant: (error) => broken.push(error) });
    replica.bug = new InvariantError('counter went backwards');
    expectProblem(await app.inject('/v1/kv/k'), 'internal-error');
    expect(broken).toEqual([replica.bug]);
  });

  it('is a problem over a socket as well', async () => {
    const { app, replica } = openApp();
    replica.bug = new CausewayError('no-quorum', 'one of three is reachable');
    const port = await listening(app);
    const head = 'GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    problemIn(parseMessage(await rawExchange(port, head)), 'no-quorum');
  });
});
