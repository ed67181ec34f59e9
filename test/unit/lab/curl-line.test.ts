/** The curl line does what the request does; a shell is asked what it makes of the quoting. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { curlLine } from '../../../src/lab/curl-line.js';
import type { HttpCall } from '../../../src/lab/http-call.js';

const call: HttpCall = { method: 'GET', origin: 'http://127.0.0.1:7101', path: '/v1/kv/a', headers: {} };

/** The words that a POSIX shell makes of the line, `curl` left out. */
function wordsOf(line: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${line}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { CAUSEWAY_TOKEN: 's3cret' } })
    .split('\0')
    .slice(0, -1);
}

test('a plain read is a plain line', () => {
  expect(curlLine(call)).toBe('curl -sS http://127.0.0.1:7101/v1/kv/a');
});

test('a write carries method, headers and body', () => {
  const line = curlLine({
    ...call,
    method: 'PUT',
    headers: { 'Consistency-Level': 'causal;timeout=5' },
    body: Buffer.from('hi'),
  });
  expect(wordsOf(line)).toEqual([
    '-sS',
    '-X',
    'PUT',
    'http://127.0.0.1:7101/v1/kv/a',
    '-H',
    'Consistency-Level: causal;timeout=5',
    '--data-binary',
    'hi',
  ]);
});

describe('a body survives the shell:', () => {
  test.each(["it's", '$HOME `id` "x" \\', 'two\nlines', '', '!!', "''", 'ünïcödé', '-x'])('%j', (body) => {
    expect(wordsOf(curlLine({ ...call, method: 'PUT', body: Buffer.from(body) })).at(-1)).toBe(body);
  });
});

test('a body that begins with @ is not taken for a file name', () => {
  expect(wordsOf(curlLine({ ...call, method: 'PUT', body: Buffer.from('@me') }))).toContain('--data-raw');
});

test('what is not text comes from standard input', () => {
  expect(wordsOf(curlLine({ ...call, method: 'PUT', body: Uint8Array.of(0xff, 0) })).at(-1)).toBe('@-');
  expect(wordsOf(curlLine({ ...call, method: 'PUT', body: Buffer.from('a') }, { bodyFromStdin: true })).at(-1)).toBe(
    '@-',
  );
});

test('a bearer token stays out of the line and is taken from the environment', () => {
  const line = curlLine({ ...call, headers: { Authorization: 'Bearer s3cret' } });
  expect(line).not.toContain('s3cret');
  expect(wordsOf(line)).toContain('Authorization: Bearer s3cret');
});

test('dots in a path are sent as they are', () => {
  expect(wordsOf(curlLine({ ...call, path: '/v1/kv/a/../b' }))).toContain('--path-as-is');
});
