/** The kinds of steps that stories are told in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { curlLine } from '../curl-line.js';
import { encodeKey, type HttpAnswer, type HttpCall, jsonOf, NoAnswer, textOf } from '../http-call.js';
import { type Asked, answerTo, askPatiently } from './ask.js';
import type { Observation, ReplicaName, Stage, Step } from './story.js';

const FAULT_TTL_MS = 60_000;
/** Of a token, a line shows the beginning. */
const TOKEN_SHOWN_CHARS = 12;
const JSON_SHOWN_MAX_CHARS = 100;

export interface Request {
  readonly at: ReplicaName;
  readonly level: 'eventual' | 'causal' | 'linearizable';
  readonly key: string;
  /** Written if given, read otherwise. */
  readonly value?: string;
  readonly timeoutMs?: number;
  /** Whose token goes along, and keeps what comes back. */
  readonly as?: string;
  readonly query?: string;
  readonly durability?: 'majority';
  readonly ifNoneMatch?: '*';
  /** `<lock>=<n>` */
  readonly fencingToken?: string;
}

/** A request to something else than a key. */
export interface Call {
  readonly at: ReplicaName;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
}

export interface Expectation {
  readonly status: number | readonly number[];
  readonly body?: string;
  /** Header names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Looks into what the other fields cannot say; returns what is wrong. */
  readonly check?: (answer: HttpAnswer, stage: Stage) => string | undefined;
  /** What `check` looks for, in words. */
  readonly also?: string;
}

const SHOWN_HEADERS = [
  'consistency-level',
  'causal-token',
  'durability',
  'etag',
  'conflicts',
  'version-timestamp',
  'served-by',
  'idempotent-replayed',
  'retry-after',
] as const;

/** Send one request to a key, and look at its answer. */
export function request(says: string, wanted: Request, expect: Expectation): Step {
  return {
    says,
    expected: describeExpectation(expect),
    async run(stage) {
      const sent = callOf(stage, wanted);
      const asked = await askPatiently(sent, [expect.status].flat());
      const token = asked.answer instanceof NoAnswer ? undefined : asked.answer.headers['causal-token'];
      if (wanted.as !== undefined && token !== undefined) stage.tokens.set(wanted.as, token);
      return observe(sent, asked, expect, stage);
    },
  };
}

/** Send one request to another route, and look at its answer. */
export function call(says: string, wanted: Call, expect: Expectation): Step {
  return {
    says,
    expected: describeExpectation(expect),
    async run(stage) {
      const sent = jsonCall(stage, wanted);
      return observe(sent, await askPatiently(sent, [expect.status].flat()), expect, stage);
    },
  };
}

/** A request with a JSON body, as it goes to one replica. */
export function jsonCall(stage: Stage, { at, method, path, body, idempotencyKey }: Call): HttpCall {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey;
  const json = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
  return { method, origin: stage.urlOf(at), path, headers, ...json };
}

/** Tell every replica of a fault, or to forget all of them. */
export function tellAll(says: string, method: 'PUT' | 'DELETE', path: string, body?: object): Step {
  return {
    says,
    expected: 'all replicas take it',
    async run(stage) {
      const json = body === undefined ? {} : { body: { ...body, ttlMs: FAULT_TTL_MS } };
      const calls = stage.replicas.map((at) => jsonCall(stage, { at, method, path, ...json }));
      const answers = await Promise.all(calls.map(answerTo));
      const refused = stage.replicas.filter((_, i) => !isSuccess(answers[i]));
      const [first] = calls;
      return {
        ok: refused.length === 0,
        observed: refused.length === 0 ? 'all replicas took it' : `refused by ${refused.join(', ')}`,
        shown: first === undefined ? [] : [`$ ${curlLine(first)}   (and the same to every replica)`],
      };
    },
  };
}

/** Repeat a look until it says that it is done, or time is up. */
export function watchUntil(
  says: string,
  expected: string,
  withinMs: number,
  look: (stage: Stage, elapsedMs: number) => Promise<Observation | undefined>,
): Step {
  return {
    says,
    expected,
    async run(stage) {
      const startedMs = performance.now();
      for (let elapsedMs = 0; elapsedMs < withinMs; elapsedMs = performance.now() - startedMs) {
        const done = await look(stage, elapsedMs);
        if (done !== undefined) return done;
        await sleep(25);
      }
      return { ok: false, observed: `not within ${withinMs / 1000} s` };
    },
  };
}

/** A GET as it goes to one replica. */
export function readFrom(stage: Stage, at: ReplicaName, path: string, level?: string): HttpCall {
  const headers: Record<string, string> = level === undefined ? {} : { 'Consistency-Level': level };
  return { method: 'GET', origin: stage.urlOf(at), path, headers };
}

function callOf(stage: Stage, wanted: Request): HttpCall {
  const { at, level, key, value, timeoutMs, as, durability } = wanted;
  const timeout = timeoutMs === undefined ? '' : `;timeout=${timeoutMs}`;
  const token = as === undefined ? undefined : stage.tokens.get(as);
  const headers: Record<string, string> = { 'Consistency-Level': `${level}${timeout}` };
  if (durability !== undefined) headers['Durability'] = durability;
  if (wanted.fencingToken !== undefined) headers['Fencing-Token'] = wanted.fencingToken;
  if (wanted.ifNoneMatch !== undefined) headers['If-None-Match'] = wanted.ifNoneMatch;
  if (token !== undefined) headers['Causal-Token'] = token;
  const path = `/v1/kv/${encodeKey(key)}${wanted.query === undefined ? '' : `?${wanted.query}`}`;
  if (value === undefined) return { method: 'GET', origin: stage.urlOf(at), path, headers };
  // What is in the log may have been done although no answer came: under a name of its own it can be asked for again.
  if (level === 'linearizable') headers['Idempotency-Key'] = `${key}=${value}@${at}`.replaceAll(' ', '-');
  return { method: 'PUT', origin: stage.urlOf(at), path, headers, body: Buffer.from(value, 'utf8') };
}

function isSuccess(answer: HttpAnswer | NoAnswer | undefined): boolean {
  return answer !== undefined && !(answer instanceof NoAnswer) && answer.status < 300;
}

function observe(sent: HttpCall, asked: Asked, expect: Expectation, stage: Stage): Observation {
  const { answer, attempts, tookMs } = asked;
  const again = attempts === 1 ? '' : `   (attempt ${attempts}: each before was told to try again)`;
  const curl = `$ ${shownCurl(sent)}${again}`;
  if (answer instanceof NoAnswer) return { ok: false, observed: answer.message, shown: [curl] };
  return { ...judge(answer, expect, stage), shown: [curl, ...shownAnswer(answer, tookMs)] };
}

function judge(answer: HttpAnswer, expect: Expectation, stage: Stage): Observation {
  const wrong: string[] = [];
  if (![expect.status].flat().includes(answer.status)) wrong.push(String(answer.status));
  if (expect.body !== undefined && textOf(answer) !== expect.body) wrong.push(`body ${textOf(answer).slice(0, 80)}`);
  for (const [name, value] of Object.entries(expect.headers ?? {})) {
    if (answer.headers[name] !== value) wrong.push(`${name}: ${answer.headers[name] ?? '(absent)'}`);
  }
  const complaint = expect.check?.(answer, stage);
  if (complaint !== undefined) wrong.push(complaint);
  return wrong.length === 0
    ? { ok: true, observed: describeExpectation({ ...expect, status: answer.status }) }
    : { ok: false, observed: `${wrong.join('; ')} ${problemOf(answer)}`.trim() };
}

function describeExpectation({ status, body, headers, also }: Expectation): string {
  const parts = [[status].flat().join(' or ')];
  if (body !== undefined) parts.push(JSON.stringify(body));
  for (const [name, value] of Object.entries(headers ?? {})) parts.push(`${name}: ${value}`);
  if (also !== undefined) parts.push(also);
  return parts.join(', ');
}

function shownAnswer(answer: HttpAnswer, tookMs: number): string[] {
  const headers = SHOWN_HEADERS.flatMap((name) => {
    const value = answer.headers[name];
    return value === undefined ? [] : [`${name}: ${name === 'causal-token' ? shortToken(value) : value}`];
  });
  const text = textOf(answer);
  // A receipt says again what the headers say.
  const isLong = /json/.test(answer.headers['content-type'] ?? '') && text.length > JSON_SHOWN_MAX_CHARS;
  const body = isLong ? problemOf(answer) : text;
  return [`< ${answer.status} in ${tookMs} ms  ${headers.join('  ')}`, ...(body === '' ? [] : [`< ${body}`])];
}

function problemOf(answer: HttpAnswer): string {
  const body = jsonOf(answer);
  if (typeof body !== 'object' || body === null || !('detail' in body)) return '';
  const facts = (['missing', 'served', 'owner'] as const).flatMap((name) => {
    const value = (body as Readonly<Record<string, unknown>>)[name];
    return value === undefined ? [] : [` ${name}: ${JSON.stringify(value)}`];
  });
  return `${String(body.detail)}${facts.join('')}`;
}

function shownCurl(call: HttpCall): string {
  return curlLine(call, { withHeaders: true }).replace(/c1\.[\w-]+/g, shortToken);
}

function shortToken(token: string): string {
  return `${token.slice(0, TOKEN_SHOWN_CHARS)}…`;
}
