/** An app over a replica in memory, requests to it with and without a socket, and what every answer has in common. */
import { connect } from 'node:net';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { type AppOptions, buildApp } from '../../../src/api/app.js';
import type { ApiEvent } from '../../../src/api/service.js';
import { ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import { makeOrigin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { decodeToken, encodeToken } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { MemoryReplica, type MemoryReplicaOptions } from './memory-replica.js';

export const CLUSTER = parseClusterId('test');
export const EMPTY_TOKEN = encodeToken(CLUSTER, VersionVector.EMPTY);

/** An origin of a member that is not the replica under test. */
export const ELSEWHERE = makeOrigin(parseReplicaId('r2'), 0xbeef);

/** A token that names write `counter` of another member. */
export function tokenNaming(counter: number): string {
  return encodeToken(CLUSTER, VersionVector.of([[ELSEWHERE, counter]]));
}

export interface Opened {
  readonly app: FastifyInstance;
  readonly replica: MemoryReplica;
  readonly events: ApiEvent[];
}

/** Closed when the test has finished. */
export function openApp(options: Omit<AppOptions, 'replica'> = {}, replicaOptions: MemoryReplicaOptions = {}): Opened {
  const replica = new MemoryReplica(replicaOptions);
  const events: ApiEvent[] = [];
  const app = buildApp({ logger: (event) => events.push(event), ...options, replica });
  onTestFinished(() => app.close());
  return { app, replica, events };
}

/** The port of `app`, listening on the loopback interface. */
export async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What comes back for `bytes` until the server ends the connection. */
export function rawExchange(port: number, ...bytes: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of bytes) socket.write(part);
    });
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

/** A message taken apart: status, headers by lower-case name, and the rest. */
export function parseMessage(message: string): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const end = message.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = message.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: Buffer.from(message.slice(end + 4), 'latin1').toString('utf8'),
  };
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The problem document of an answer, once all that the contract promises of failures has been checked. */
export function problemIn({ status, headers, body }: Answered, code: ErrorCode): Readonly<Record<string, unknown>> {
  const document = JSON.parse(body) as Readonly<Record<string, unknown>>;
  expect(document).toMatchObject({
    type: `urn:causeway:error:${code}`,
    title: ERRORS[code].title,
    status: ERRORS[code].status,
    detail: expect.stringMatching(/.{8,}/),
    replica: 'r1',
    retryable: ERRORS[code].retryable,
    outcome: ERRORS[code].outcome,
  });
  expect(status).toBe(ERRORS[code].status);
  expect(headers['content-type']).toBe('application/problem+json');
  expect(headers['served-by']).toBe('r1');
  decodeToken(CLUSTER, String(headers['causal-token']));
  if ([429, 503].includes(status)) expect(headers['retry-after']).toMatch(/^[1-9][0-9]*$/);
  if (status === 401) expect(headers['www-authenticate']).toMatch(/^Bearer/);
  expect(body).not.toMatch(/node_modules|\.js:/);
  return document;
}

export function expectProblem(response: LightMyRequestResponse, code: ErrorCode): Readonly<Record<string, unknown>> {
  return problemIn({ status: response.statusCode, headers: response.headers, body: response.body }, code);
}

/** `inject` with the statuses that a test expects to succeed checked. */
export async function succeed(app: FastifyInstance, request: InjectOptions): Promise<LightMyRequestResponse> {
  const response = await app.inject(request);
  expect(response.statusCode, response.body).toBeLessThan(400);
  return response;
}
