/** Answers as a replica gives them, for scripts. */

import { ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import type { ClusterId } from '../../../src/base/ids.js';
import { parseOrigin } from '../../../src/base/ids.js';
import { encodeToken } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { Reply, Step } from './scripted-replica.js';

const CLUSTER = 'test' as ClusterId;

/** A real token, e.g. of `{ r1: 3, r2: 1 }`. */
export function tokenOf(counters: Readonly<Record<string, number>>, cluster: string = CLUSTER): string {
  const entries = Object.entries(counters).map(([name, counter]) => {
    const origin = parseOrigin(name === 'log' ? name : `${name}~00000001`);
    if (origin === undefined) throw new Error(`${name} names no origin`);
    return [origin, counter] as const;
  });
  return encodeToken(cluster as ClusterId, VersionVector.of(entries));
}

export function value(text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      ETag: '"r1~00000001.1"',
      'Version-Timestamp': '1000.0',
      'Consistency-Level': 'causal',
      'Causal-Token': tokenOf({ r1: 1 }),
      'Served-By': 'r1',
      ...headers,
    },
    body: text,
  };
}

export function receipt(headers: Readonly<Record<string, string>> = {}, status = 200): Reply {
  const token = headers['Causal-Token'] ?? tokenOf({ r1: 1 });
  const body = { key: 'k', etag: '"r1~00000001.1"', level: 'causal', durability: 'local', token, replica: 'r1' };
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Causal-Token': token, 'Consistency-Level': 'causal', ...headers },
    body: JSON.stringify({ ...body, timestamp: '1000.0' }),
  };
}

/** Of a batch that wrote these keys. */
export function batchReceipt(...keys: readonly string[]): Reply {
  const token = tokenOf({ r1: 1 });
  const results = keys.map((key) => ({ key, etag: '"r1~00000001.1"' }));
  const members = { level: 'causal', durability: 'local', token, replica: 'r1', timestamp: '1000.0' };
  return json({ ...members, results }, { 'Causal-Token': token });
}

export function problem(
  code: ErrorCode,
  members: object = {},
  headers: Readonly<Record<string, string>> = {},
): Reply & { readonly status: number } {
  const { status, title, outcome, retryable } = ERRORS[code];
  const body = {
    type: `urn:causeway:error:${code}`,
    title,
    status,
    detail: `about ${code}`,
    replica: 'r1',
    retryable,
    outcome,
  };
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify({ ...body, ...members }),
  };
}

export function json(document: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(document) };
}

/** The connection ends before any answer: nobody can know what became of the request. */
export const CUT: Step = (response) => {
  response.destroy();
};

/** The connection stays open and nothing comes. */
export const SILENCE: Step = () => undefined;

/** What a replica answers when it is asked for the members: r1 leads, r4 observes. */
export const MEMBERS_VIEW = {
  leader: 'r1',
  term: 3,
  members: [
    { id: 'r1', incarnation: 'r1~00000001', role: 'leader' },
    { id: 'r4', incarnation: 'r4~00000001', role: 'observer' },
  ],
  changing: false,
};
