/** The kinds of steps that stories are told in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { curlLine } from '../curl-line.js';
import { encodeKey, type HttpAnswer, type HttpCall, jsonOf, NoAnswer, sendCall, textOf } from '../http-call.js';
import type { Observation, ReplicaName, Stage, Step } from './story.js';

const ANSWER_TIMEOUT_MS = 15_000;
const FAULT_TTL_MS = 60_000;
/** Of a token, a line shows the beginning. */
const TOKEN_SHOWN_CHARS = 12;

export interface Request {
  readonly at: ReplicaName;
  readonly level: 'eventual' | 'causal';
  readonly key: string;
  /** Written if given, read otherwise. */
  readonly value?: string;
  readonly timeoutMs?: number;
  /** Whose token goes along, and keeps what comes back. */
  readonly as?: string;
  readonly query?: string;
  readonly durability?: 'majority';
}

export interface Expectation {
  readonly status: number | readonly number[];
  readonly body?: string;
  /** Header names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Looks into what the other fields cannot say; returns what is wrong. */
  readonly check?: (answer: HttpAnswer) => string | undefined;
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
  'retry-after',
] as const;

/** Send one request and look at its answer. */
export function request(says: string, wanted: Request, expect: Expectation): Step {
  return {
    says,
    expected: describeExpectation(expect),
    async run(stage) {
      const call = callOf(stage, wanted);
      const answer = await answerTo(call);
      if (answer instanceof NoAnswer) return { ok: false, observed: answer.message, shown: [`$ ${shownCurl(call)}`] };
      const token = answer.headers['causal-token'];
      if (wanted.as !== undefined && token !== undefined) stage.tokens.set(wanted.as, token);
      return { ...judge(answer, expect), shown: [`$ ${shownCurl(call)}`, ...shownAnswer(answer)] };
    },
  };
}

/** Tell every replica of a fault, or to forget all of them. */
export function tellAll(says: string, method: 'PUT' | 'DELETE', path: string, body?: object): Step {
  return {
    says,
    expected: 'all replicas take it',
    async run(stage) {
      const json = body === undefined ? {} : { body: Buffer.from(JSON.stringify({ ...body, ttlMs: FAULT_TTL_MS })) };
      const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
      const calls = stage.replicas.map((id): HttpCall => ({ method, origin: stage.urlOf(id), path, headers, ...json }));
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

/** The answer, or why there is none: either is an observation. */
export async function answerTo(call: HttpCall): Promise<HttpAnswer | NoAnswer> {
  try {
    return await sendCall(call, { timeoutMs: ANSWER_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

function callOf(stage: Stage, wanted: Request): HttpCall {
  const { at, level, key, value, timeoutMs, as, durability } = wanted;
  const timeout = timeoutMs === undefined ? '' : `;timeout=${timeoutMs}`;
  const token = as === undefined ? undefined : stage.tokens.get(as);
  const headers: Record<string, string> = { 'Consistency-Level': `${level}${timeout}` };
  if (durability !== undefined) headers['Durability'] = durability;
  if (token !== undefined) headers['Causal-Token'] = token;
  const path = `/v1/kv/${encodeKey(key)}${wanted.query === undefined ? '' : `?${wanted.query}`}`;
  if (value === undefined) return { method: 'GET', origin: stage.urlOf(at), path, headers };
  return { method: 'PUT', origin: stage.urlOf(at), path, headers, body: Buffer.from(value, 'utf8') };
}

function isSuccess(answer: HttpAnswer | NoAnswer | undefined): boolean {
  return answer !== undefined && !(answer instanceof NoAnswer) && answer.status < 300;
}

function judge(answer: HttpAnswer, expect: Expectation): Observation {
  const wrong: string[] = [];
  if (![expect.status].flat().includes(answer.status)) wrong.push(String(answer.status));
  if (expect.body !== undefined && textOf(answer) !== expect.body) wrong.push(`body ${textOf(answer).slice(0, 80)}`);
  for (const [name, value] of Object.entries(expect.headers ?? {})) {
    if (answer.headers[name] !== value) wrong.push(`${name}: ${answer.headers[name] ?? '(absent)'}`);
  }
  const complaint = expect.check?.(answer);
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

function shownAnswer(answer: HttpAnswer): string[] {
  const headers = SHOWN_HEADERS.flatMap((name) => {
    const value = answer.headers[name];
    return value === undefined ? [] : [`${name}: ${name === 'causal-token' ? shortToken(value) : value}`];
  });
  const isJson = /json/.test(answer.headers['content-type'] ?? '');
  const body = isJson ? problemOf(answer) : textOf(answer);
  return [`< ${answer.status}  ${headers.join('  ')}`, ...(body === '' ? [] : [`< ${body}`])];
}

function problemOf(answer: HttpAnswer): string {
  const body = jsonOf(answer);
  if (typeof body !== 'object' || body === null || !('detail' in body)) return '';
  const missing = 'missing' in body ? ` missing ${JSON.stringify(body.missing)}` : '';
  return `${String(body.detail)}${missing}`;
}

function shownCurl(call: HttpCall): string {
  return curlLine(call, { withHeaders: true }).replace(/c1\.[\w-]+/g, shortToken);
}

function shortToken(token: string): string {
  return `${token.slice(0, TOKEN_SHOWN_CHARS)}…`;
}
