/** Requests whose bodies, headers and paths are damaged: each gets an answer, and none finds a bug behind it. */
import type { InjectOptions } from 'fastify';
import { expect, it } from 'vitest';
import { type SeededRandom, seededRandom } from '../support/seeded-random.js';
import { EMPTY_TOKEN, openApp } from '../unit/api/harness.js';
import { damage, SEED } from './attack.js';

const ROUNDS = 400;
/** A call for each would not fit on any stack. */
const DEPTH = 100_000;
/** Nothing waits for long. */
const ALWAYS = {
  'content-type': 'application/json',
  'causal-token': EMPTY_TOKEN,
  'consistency-level': 'linearizable;timeout=20',
};

interface Request {
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'GET';
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One of every kind; names of members as people write them, which is why they are text. */
const REQUESTS: readonly Request[] = [
  { method: 'PUT', url: '/v1/kv/k', headers: { 'if-match': '"log.1"' } },
  { method: 'GET', url: '/v1/kv/k?format=entry', headers: { 'consistency-level': 'causal;timeout=20' } },
  { method: 'GET', url: '/v1/kv?prefix=a&limit=10&after=b', headers: { 'if-none-match': '"a", "b"' } },
  { method: 'DELETE', url: '/v1/kv/k', headers: { 'fencing-token': 'l=1, m=2', prefer: 'return=minimal' } },
  {
    method: 'POST',
    url: '/v1/batch',
    body: { ops: [{ put: 'a', value: 'eA==', encoding: 'base64', contentType: 'text/plain' }, { delete: 'b' }] },
    headers: { 'idempotency-key': '"i"', durability: 'majority' },
  },
  {
    method: 'POST',
    url: '/v1/txn',
    body: '{"if":[{"key":"k","etag":null},{"key":"k","value":"v"}],"then":[{"put":"k","value":"v"}],"else":[{"get":"k"}]}',
  },
  { method: 'POST', url: '/v1/locks/l/acquire', body: { owner: 'o', ttlMs: 1_000, waitMs: 0 } },
  { method: 'POST', url: '/v1/locks/l/renew', body: { token: 1 } },
  { method: 'POST', url: '/v1/elections/l/campaign', body: { candidate: 'o', ttlMs: 1_000, waitMs: 0 } },
  { method: 'POST', url: '/v1/sequences/s/next', body: {} },
  { method: 'PUT', url: '/v1/claims/n/v', body: { owner: 'o' } },
  { method: 'PUT', url: '/v1/constraints/c', body: { prefix: 'u/', field: '/n' } },
  { method: 'PUT', url: '/v1/faults/partitions/p', body: { groups: [['r1'], ['r2', 'r3']], ttlMs: 5 } },
  {
    method: 'PUT',
    url: '/v1/faults/links/r1/r2',
    body: { drop: 0.5, delayMs: 2, jitterMs: 1, duplicate: 0, ttlMs: 5 },
  },
  { method: 'PUT', url: '/v1/faults/clock', body: { skewMs: -2, ttlMs: 5 } },
  { method: 'POST', url: '/v1/members', body: { id: 'r4' } },
];

const bodyOf = ({ body }: Request): Uint8Array =>
  Buffer.from(typeof body === 'string' ? body : body === undefined ? 'plain' : JSON.stringify(body));

const BODIES = REQUESTS.map(bodyOf);

/** Values that are JSON and hardly ever what is asked for. */
const ODD = [
  'null',
  'true',
  '-1',
  '0',
  '1.5',
  '1e400',
  '9007199254740993',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '[]',
  '{}',
  '[[]]',
];
const ODD_MEMBERS = ['"__proto__":{"x":1}', '"constructor":1', '"value":"a","value":"b"', '"":0'];

/** Still JSON, most of the time: one value is another, or there is a member more. */
function oddly(random: SeededRandom, body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString();
  if (random.chance(0.3)) return Buffer.from(text.replace('{', `{${random.pick(ODD_MEMBERS)},`));
  const values = [...text.matchAll(/(?<=[:[,])("[^"]*"(?!:)|[\d.]+|null|\[[^[\]]*\]|\{[^{}]*\})/g)];
  if (values.length === 0) return body;
  const { 0: value, index } = random.pick(values);
  return Buffer.from(text.slice(0, index) + random.pick(ODD) + text.slice(index + value.length));
}

/** Line ends and bytes beyond latin1 cannot be in a header at all. */
const headerText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e\x80-\xff]/g, '');

function injureBody(random: SeededRandom, request: Request, injured: number): Uint8Array {
  const body = bodyOf(request);
  if (injured === 0) return damage(random, [body, body, ...BODIES]);
  return injured === 3 ? oddly(random, body) : body;
}

it(`every damaged request is answered as the contract says (SEED=${SEED})`, async () => {
  const random = seededRandom(SEED);
  const { app, events } = openApp({}, { ordered: true });
  const statuses = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const request = REQUESTS[round % REQUESTS.length] as Request;
    const injured = random.int(4);
    const headers: Record<string, string> = { ...ALWAYS, ...request.headers };
    if (injured === 1) {
      const name = random.pick(Object.keys(headers));
      headers[name] = headerText(damage(random, [Buffer.from(headers[name] ?? '')]));
    }
    const path = Buffer.from(request.url.slice(1));
    const url =
      injured === 2 ? `/${encodeURI(headerText(damage(random, [path]))).replaceAll('%25', '%')}` : request.url;
    const payload = Buffer.from(injureBody(random, request, injured));
    const options: InjectOptions = { method: request.method, url, headers };
    const response = await app.inject(request.method === 'GET' ? options : { ...options, payload });
    const story = `round ${round}: ${request.method} ${url} ${JSON.stringify(headers)} ${payload.toString('latin1')}`;
    expect([500, 501, 502], story).not.toContain(response.statusCode);
    if (response.statusCode >= 400) expect(response.headers['content-type'], story).toBe('application/problem+json');
    statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
  }
  expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  expect(statuses.get(400)).toBeGreaterThan(ROUNDS / 10);
  expect(statuses.get(200) ?? 0).toBeGreaterThan(0);
});

it.each(REQUESTS.filter(({ body }) => body !== undefined))(
  '$method $url takes no body nested without end',
  async (request) => {
    const { app, events } = openApp({}, { ordered: true });
    const [open, close] = ['[', ']'].map((bracket) => bracket.repeat(DEPTH)) as [string, string];
    for (const payload of [open, open + close, '{"":'.repeat(DEPTH), `{"owner":${open}${close}}`]) {
      const response = await app.inject({ method: request.method, url: request.url, headers: ALWAYS, payload });
      expect([400, 413], response.body).toContain(response.statusCode);
    }
    expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  },
);

it('a value nested without end is judged by a constraint, and is not JSON if it does not end', async () => {
  const { app } = openApp({}, { ordered: true });
  const declared = await app.inject({
    method: 'PUT',
    url: '/v1/constraints/c',
    headers: ALWAYS,
    payload: { prefix: 'u/', field: '/n/0/0' },
  });
  expect(declared.statusCode).toBe(201);
  const put = (payload: string) => app.inject({ method: 'PUT', url: '/v1/kv/u%2Fa', headers: ALWAYS, payload });
  const deep = `{"n":${'['.repeat(DEPTH)}`;
  expect((await put(`${deep}${']'.repeat(DEPTH)}}`)).json()).toMatchObject({ status: 400 });
  expect((await put(deep)).json()).toMatchObject({ status: 400 });
  expect((await put('{"n":[[1]]}')).statusCode).toBe(200);
});
