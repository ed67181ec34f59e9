/** Too many requests, and the end of the process: what is begun is answered, what is new is refused with a reason. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import {
  ELSEWHERE,
  expectProblem,
  listening,
  openApp,
  parseMessage,
  rawExchange,
  succeed,
  tokenNaming,
} from './harness.js';
import type { MemoryReplica } from './memory-replica.js';

const WAITING = { url: '/v1/kv/k', headers: { 'causal-token': tokenNaming(1) } };

/** The write that `WAITING` waits for. */
function arrive(replica: MemoryReplica): void {
  replica.receive('k', {
    kind: 'value',
    dot: { origin: ELSEWHERE, counter: 1 },
    hlc: { ms: 1, logical: 0 },
    deps: VersionVector.EMPTY,
    seen: 0,
    twins: [],
    contentType: 'text/plain',
    bytes: Buffer.from('came'),
  });
}

describe('with as many requests in flight as it takes, a replica', () => {
  it('refuses the next ones, and takes them again when there is room', async () => {
    const { app, replica } = openApp({ maxInFlight: 2 });
    const waiting = [app.inject(WAITING), app.inject(WAITING)];
    await expect.poll(() => replica.waiting).toBe(2);
    const refused = await app.inject({ method: 'PUT', url: '/v1/kv/k', payload: 'x' });
    expectProblem(refused, 'overloaded');
    expect(refused.headers['retry-after']).toBe('1');
    expectProblem(await app.inject('/v1/replica'), 'overloaded');
    await succeed(app, { url: '/livez' });
    expect((await succeed(app, { url: '/metrics' })).body).toContain('causeway_http_requests_in_flight 2');
    arrive(replica);
    for (const response of await Promise.all(waiting)) expect(response.body).toBe('came');
    await succeed(app, { method: 'PUT', url: '/v1/kv/k', payload: 'x' });
  });

  it('has room again after requests of every kind, failed or not', async () => {
    const { app } = openApp({ maxInFlight: 1 });
    const requests = [
      { method: 'PUT', url: '/v1/kv/k', payload: 'x' },
      { method: 'PUT', url: '/v1/kv/k', payload: Buffer.alloc(LIMITS.valueMaxBytes + 1) },
      { method: 'PUT', url: '/v1/kv/%zz', payload: 'x' },
      { method: 'GET', url: '/v1/kv/k' },
      { method: 'HEAD', url: '/v1/kv/none' },
      { method: 'POST', url: '/v1/batch', payload: 'x', headers: { 'content-type': 'text/plain' } },
      { method: 'POST', url: '/v1/batch', payload: '{', headers: { 'content-type': 'application/json' } },
      { method: 'POST', url: '/v1/txn', payload: '{}' },
      { method: 'DELETE', url: '/v1/faults' },
    ] as const;
    for (const request of requests) expect((await app.inject(request)).statusCode).not.toBe(503);
    expect((await succeed(app, { url: '/metrics' })).body).toContain('causeway_http_requests_in_flight 0');
  });

  it('counts bodies that are announced, before they are sent', async () => {
    const { app } = openApp();
    const port = await listening(app);
    const announced = Math.floor(LIMITS.requestBodiesMaxBytes / LIMITS.groupMaxBytes);
    const sockets = Array.from({ length: announced }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${LIMITS.groupMaxBytes}\r\n\r\n`,
      );
      return socket;
    });
    await expect
      .poll(async () => (await app.inject('/metrics')).body)
      .toContain(`causeway_http_requests_in_flight ${announced}`);
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST' as const, url: '/v1/batch', payload: Buffer.alloc(LIMITS.groupMaxBytes), headers };
    expectProblem(await app.inject(request), 'overloaded');
    expectProblem(await app.inject('/v1/kv/k'), 'not-found');
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await app.inject(request)).statusCode).toBe(400);
  });
});

describe('a replica that drains', () => {
  it('refuses what is new and ends what waits, with a reason to go elsewhere', async () => {
    const { app, replica } = openApp();
    const waiting = app.inject(WAITING);
    await expect.poll(() => replica.waiting).toBe(1);
    await replica.drain();
    expectProblem(await waiting, 'shutting-down');
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      expectProblem(await app.inject({ method, url: '/v1/kv/k' }), 'shutting-down');
    }
    await succeed(app, { url: '/v1/replica' });
  });
});

describe('an app that closes', () => {
  it('answers what is in progress, and ends each connection with its answer', async () => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const head = `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: ${tokenNaming(1)}\r\n\r\n`;
    const waiting = rawExchange(port, head);
    const never = rawExchange(port, '');
    await expect.poll(() => replica.waiting).toBe(1);
    const closed = app.close();
    await expect(rawExchange(port, head)).rejects.toMatchObject({
      code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/),
    });
    arrive(replica);
    const message = parseMessage(await waiting);
    expect(message).toMatchObject({ status: 200, body: 'came' });
    expect(message.headers['connection']).toBe('close');
    await closed;
    expect(await never).toBe('');
  });

  it('refuses what still comes over an open connection', async () => {
    const { app, replica } = openApp();
    const port = await listening(app);
    const waiting = `GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nCausal-Token: ${tokenNaming(1)}\r\n\r\n`;
    let received = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.write(waiting);
    await expect.poll(() => replica.waiting).toBe(1);
    const closed = app.close();
    await expect(rawExchange(port, waiting)).rejects.toMatchObject({
      code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/),
    });
    const sentBytes = socket.bytesWritten;
    socket.write('PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx');
    await expect.poll(() => socket.bytesWritten).toBeGreaterThan(sentBytes);
    await new Promise((resolve) => setTimeout(resolve, 50));
    arrive(replica);
    await closed;
    await new Promise((resolve) => socket.on('close', resolve));
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).not.toContain('"durability"');
    expect(replica.calls).toBe(1);
  });
});
