/** put, get, del and list as a whole, against a server whose answers are written down: what they send, print and return. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { ScriptedReplica, type Step } from '../client/scripted-replica.js';
import { type RecordingTerminal, recordingTerminal } from './recording-terminal.js';

let replica: ScriptedReplica;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-cli-'));
});

afterEach(async () => {
  await replica?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly exit: number;
  readonly terminal: RecordingTerminal;
}

async function run(args: readonly string[], answer: Step, input?: Uint8Array): Promise<Outcome> {
  replica = await ScriptedReplica.start(answer);
  const terminal = recordingTerminal(input === undefined ? {} : { input });
  return { exit: await runCli([...args, '--url', replica.url], terminal), terminal };
}

function problem(status: number, slug: string, more: object = {}): Step {
  const body = JSON.stringify({
    type: `urn:causeway:error:${slug}`,
    title: 'Title',
    status,
    detail: 'The detail.',
    ...more,
  });
  return { status, headers: { 'Content-Type': 'application/problem+json' }, body };
}

const receipt = {
  key: 'k',
  etag: '"r1~00000001.1"',
  level: 'causal',
  durability: 'local',
  token: 'c1.AA',
  replica: 'r1',
};

describe('put', () => {
  test('sends the value as text and prints the receipt', async () => {
    const { exit, terminal } = await run(['put', 'a/b c', 'hello'], { body: JSON.stringify(receipt) });
    expect(exit).toBe(0);
    expect(replica.requests).toMatchObject([{ method: 'PUT', path: '/v1/kv/a/b%20c', body: 'hello' }]);
    expect(replica.requests[0]?.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' });
    expect(replica.requests[0]?.headers).not.toHaveProperty('consistency-level');
    expect(terminal.output()).toContain('durability  local\n');
  });

  test('says level, timeout, durability and idempotency key as the API wants them', async () => {
    const flags = ['-c', 'eventual', '--timeout', '2s', '--durability', 'majority', '--idempotency-key', 'x1'];
    await run(['put', 'k', 'v', ...flags], { body: JSON.stringify(receipt) });
    expect(replica.requests[0]?.headers).toMatchObject({
      'consistency-level': 'eventual;timeout=2000',
      durability: 'majority',
      'idempotency-key': 'x1',
    });
  });

  test('takes a binary value from standard input as it is', async () => {
    const bytes = Uint8Array.of(0, 0xff, 0x0a);
    const { exit } = await run(['put', 'k', '-'], { body: JSON.stringify(receipt) }, bytes);
    expect(exit).toBe(0);
    expect(replica.requests[0]?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '3',
    });
  });

  test('refuses more than a value may have before it sends anything', async () => {
    const { exit, terminal } = await run(['put', 'k', '-'], {}, new Uint8Array(512 * 1024 + 1));
    expect(exit).toBe(1);
    expect(terminal.errors()).toContain('more than 524288 bytes');
    expect(replica.requests).toEqual([]);
  });

  test('sends its conditions', async () => {
    const conditions = ['-c', 'linearizable', '--if-match', '"x"', '--fencing-token', 'l=7'];
    await run(['put', 'k', 'v', ...conditions], { body: JSON.stringify(receipt) });
    expect(replica.requests[0]?.headers).toMatchObject({
      'consistency-level': 'linearizable',
      'if-match': '"x"',
      'fencing-token': 'l=7',
    });
    await replica.stop();
    await run(['del', 'k', '-c', 'linearizable', '--if-none-match'], { body: JSON.stringify(receipt) });
    expect(replica.requests[0]?.headers).toMatchObject({ 'if-none-match': '*' });
  });
});

describe('get', () => {
  test('writes the bytes as they were stored, and nothing else', async () => {
    const bytes = Uint8Array.of(0, 0xff, 0x0d, 0x0a);
    const { exit, terminal } = await run(['get', 'k'], { body: bytes });
    expect(exit).toBe(0);
    expect([...terminal.outputBytes()]).toEqual([...bytes]);
    expect(terminal.errors()).toBe('');
  });

  test('mentions siblings on standard error', async () => {
    const { terminal } = await run(['get', 'k'], { headers: { Conflicts: '2' }, body: 'v' });
    expect(terminal.output()).toBe('v');
    expect(terminal.errors()).toContain('2 other versions were written concurrently');
  });

  test('asks for the whole entry with -o json', async () => {
    const { terminal } = await run(['get', 'k', '-o', 'json'], { body: '{"key":"k"}' });
    expect(replica.requests[0]?.path).toBe('/v1/kv/k?format=entry');
    expect(terminal.output()).toBe('{"key":"k"}\n');
  });

  test('sends dots in keys as they are', async () => {
    await run(['get', 'a/../b'], { body: 'v' });
    expect(replica.requests[0]?.path).toBe('/v1/kv/a/../b');
  });

  test('sends the bearer token, and --curl does not show it', async () => {
    await run(['get', 'k', '--token', 's3cret'], { body: 'v' });
    expect(replica.requests[0]?.headers).toMatchObject({ authorization: 'Bearer s3cret' });
    await replica.stop();
    const { exit, terminal } = await run(['get', 'k', '--token', 's3cret', '--curl'], { body: 'v' });
    expect(exit).toBe(0);
    expect(terminal.output()).toBe(`curl -sSi ${replica.url}/v1/kv/k -H "Authorization: Bearer $CAUSEWAY_TOKEN"\n`);
    expect(replica.requests).toEqual([]);
  });
});

test('del reports the receipt', async () => {
  const { exit, terminal } = await run(['del', 'k', '-o', 'json'], { body: JSON.stringify(receipt) });
  expect(exit).toBe(0);
  expect(replica.requests).toMatchObject([{ method: 'DELETE', path: '/v1/kv/k' }]);
  expect(JSON.parse(terminal.output())).toEqual(receipt);
});

test('list shows a page and where the next one begins', async () => {
  const items = [
    { key: 'a', etag: '"x.1"', contentType: 'text/plain', encoding: 'utf8', value: 'one\ntwo', siblings: [] },
    { key: 'b', etag: '"x.2"', contentType: 'image/png', encoding: 'base64', value: 'AAAA', siblings: [{}] },
  ];
  const { terminal } = await run(['list', '--prefix', 'ü&', '--limit', '2'], {
    body: JSON.stringify({ items, next: 'b' }),
  });
  expect(replica.requests[0]?.path).toBe('/v1/kv?prefix=%C3%BC%26&limit=2');
  expect(terminal.output()).toBe(
    'KEY  BYTES  SIBLINGS  TYPE        VALUE\n' +
      'a    7      0         text/plain  one\\ntwo\n' +
      'b    3      1         image/png   (binary)\n',
  );
  expect(terminal.errors()).toBe('more: --after "b"\n');
});

describe('the exit code tells a script what happened:', () => {
  test.each([
    [1, problem(404, 'not-found')],
    [1, problem(400, 'level-not-offered')],
    [1, problem(413, 'value-too-large')],
    [1, problem(401, 'unauthorized')],
    [1, problem(500, 'internal-error')],
    [2, problem(400, 'invalid-request')],
    [2, problem(400, 'precondition-needs-linearizable')],
    [3, problem(503, 'causal-wait-timeout', { missing: [{ origin: 'r1~00000001', have: 0, need: 1 }] })],
    [3, problem(504, 'outcome-unknown')],
    [3, problem(429, 'rate-limited')],
    [3, problem(409, 'idempotency-in-progress')],
    [4, problem(412, 'precondition-failed')],
    [4, problem(409, 'already-claimed')],
    [1, { status: 502, body: '<html>' }],
  ])('%d', async (expected, answer) => {
    const { exit, terminal } = await run(['get', 'k'], answer);
    expect(exit).toBe(expected);
    expect(terminal.output()).toBe('');
    expect(terminal.errors()).toMatch(/^error: .+\n/);
  });

  test('3 if nothing listens there', async () => {
    const terminal = recordingTerminal();
    expect(await runCli(['get', 'k', '--url', 'http://127.0.0.1:1'], terminal)).toBe(3);
    expect(terminal.errors()).toContain('nothing listens at http://127.0.0.1:1\n');
  });

  test('3 if the server hangs up, and then the outcome is open', async () => {
    const { exit, terminal } = await run(['put', 'k', 'v'], (response) => response.destroy());
    expect(exit).toBe(3);
    expect(terminal.errors()).toContain('may have been carried out');
  });

  test.each([
    [['get']],
    [['get', 'k', 'more']],
    [['nonsense']],
    [['get', 'k', '--nonsense']],
    [['get', 'k', '-c', 'strong']],
    [['get', 'k', '-o', 'xml']],
    [['get', 'k', '--timeout', '0']],
    [['get', 'k', '--timeout', '61s']],
    [['put', 'k', 'v', '--durability', 'some']],
    [['list', '--limit', '1001']],
    [['get', 'k', '--session', 'f', '--causal-token', 'c1.AA']],
    [[]],
  ])('2 for %j', async (args) => {
    const terminal = recordingTerminal();
    expect(await runCli(args, terminal)).toBe(2);
    expect(terminal.output()).toBe('');
    expect(terminal.errors()).not.toBe('');
  });
});

test('with -o json the problem document is the result, and the sentence stays on standard error', async () => {
  const { exit, terminal } = await run(['get', 'k', '-o', 'json'], problem(404, 'not-found', { replica: 'r1' }));
  expect(exit).toBe(1);
  expect(JSON.parse(terminal.output())).toMatchObject({ status: 404, detail: 'The detail.', replica: 'r1' });
  expect(terminal.errors()).toContain('error: Title: The detail.\n');
});

describe('a session', () => {
  test('takes its token along and keeps the one that comes back, also from a 404', async () => {
    const session = join(folder, 's.json');
    await run(['put', 'k', 'v', '--session', session], { headers: { 'Causal-Token': 'c1.AA' }, body: '{}' });
    expect(replica.requests[0]?.headers).not.toHaveProperty('causal-token');
    await replica.stop();
    const answer = { status: 404, headers: { 'Causal-Token': 'c1.BB' }, body: '{}' };
    await run(['get', 'k', '--session', session], answer);
    expect(replica.requests[0]?.headers).toMatchObject({ 'causal-token': 'c1.AA' });
    await replica.stop();
    await run(['get', 'k', '--session', session], answer);
    expect(replica.requests[0]?.headers).toMatchObject({ 'causal-token': 'c1.BB' });
  });

  test('whose file is damaged is refused before anything is sent', async () => {
    const session = join(folder, 's.json');
    writeFileSync(session, 'token');
    const { exit, terminal } = await run(['get', 'k', '--session', session], { body: 'v' });
    expect(exit).toBe(2);
    expect(terminal.errors()).toContain('delete it to start a new session');
    expect(replica.requests).toEqual([]);
  });
});

test('of several servers the first that can be reached is asked', async () => {
  replica = await ScriptedReplica.start({ body: 'v' });
  const terminal = recordingTerminal();
  expect(await runCli(['get', 'k', '--url', `http://127.0.0.1:1,${replica.url}`], terminal)).toBe(0);
  expect(terminal.output()).toBe('v');
});

test('--help and --version are no failures', async () => {
  for (const args of [['--help'], ['put', '--help'], ['--version'], ['help', 'get']]) {
    const terminal = recordingTerminal();
    expect(await runCli(args, terminal)).toBe(0);
    expect(terminal.output()).not.toBe('');
    expect(terminal.errors()).toBe('');
  }
});
