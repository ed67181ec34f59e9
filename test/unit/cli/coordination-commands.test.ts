/** Sequences, claims, constraints, locks, elections and members: what the commands send, print and return. */
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { MEMBERS_VIEW, problem } from '../client/answers-of-replicas.js';
import { recordingTerminal } from './recording-terminal.js';
import { answer, runAgainst } from './running.js';

const LEASE = { fencingToken: 9, owner: 'ann', ttlMs: 30_000 };
const TERMS = { prefix: 'users/', field: '/email' };

/** A number by itself; of everything else each member on a line. */
function shown(document: Readonly<Record<string, unknown>>): string[] {
  const { value } = document;
  if (typeof value === 'number') return [String(value)];
  return Object.entries(document).map(([name, fact]) => `${name}: ${FACTS.get(fact) ?? fact}`);
}

const QUEUE = ['bob', 'eve'];
const NOBODY: readonly string[] = [];
const FACTS = new Map<unknown, string>([
  [QUEUE, 'bob, eve'],
  [NOBODY, '-'],
]);

describe.each<[string, string, string, string, Readonly<Record<string, unknown>>]>([
  ['seq next a/b', 'POST', '/v1/sequences/a%2Fb/next', '', { value: 7 }],
  ['seq show orders', 'GET', '/v1/sequences/orders', '', { value: 7 }],
  ['claim names ann --owner u1', 'PUT', '/v1/claims/names/ann', '{"owner":"u1"}', { owner: 'u1' }],
  ['claim names ann --owner u1 --release', 'DELETE', '/v1/claims/names/ann', '{"owner":"u1"}', { existed: true }],
  ['claim names ann --show', 'GET', '/v1/claims/names/ann', '', { owner: 'u1' }],
  ['constraint add m --prefix users/ --field /email', 'PUT', '/v1/constraints/m', JSON.stringify(TERMS), TERMS],
  ['constraint drop m', 'DELETE', '/v1/constraints/m', '', { existed: true }],
  ['constraint show m', 'GET', '/v1/constraints/m', '', TERMS],
  ['lock acquire l --owner ann', 'POST', '/v1/locks/l/acquire', '{"owner":"ann","ttlMs":30000}', LEASE],
  [
    'lock acquire l --owner ann --ttl 1m --wait 2s',
    'POST',
    '/v1/locks/l/acquire',
    '{"owner":"ann","ttlMs":60000,"waitMs":2000}',
    LEASE,
  ],
  ['lock renew l 9', 'POST', '/v1/locks/l/renew', '{"fencingToken":9}', LEASE],
  ['lock release l 9', 'POST', '/v1/locks/l/release', '{"fencingToken":9}', { released: true }],
  ['lock show l', 'GET', '/v1/locks/l', '', { ...LEASE, remainingMs: 12, waiting: QUEUE }],
  ['elect campaign e --owner ann', 'POST', '/v1/elections/e/campaign', '{"owner":"ann","ttlMs":30000}', LEASE],
  ['elect renew e 9', 'POST', '/v1/elections/e/renew', '{"fencingToken":9}', LEASE],
  ['elect resign e 9', 'POST', '/v1/elections/e/resign', '{"fencingToken":9}', { released: true }],
  ['elect show e', 'GET', '/v1/elections/e', '', { ...LEASE, remainingMs: 12, waiting: NOBODY }],
])('%s', (line, method, path, body, document) => {
  const args = line.split(' ');

  test('sends one request and shows its answer', async () => {
    const { exit, terminal, replica } = await runAgainst([answer(document)], args);
    expect(exit).toBe(0);
    expect(replica.requests).toMatchObject([{ method, path, body }]);
    expect(replica.requests[0]?.headers['consistency-level']).toBeUndefined();
    expect(terminal.output().replaceAll(/ {2,}/g, ': ').trimEnd().split('\n')).toEqual(shown(document));
  });

  test('is linearizable where only the time is named, and prints the answer as it is with -o json', async () => {
    const { terminal, replica } = await runAgainst([answer(document)], [...args, '--timeout', '2s', '-o', 'json']);
    expect(replica.requests[0]?.headers['consistency-level']).toBe('linearizable;timeout=2000');
    expect(JSON.parse(terminal.output())).toEqual(document);
  });

  test('shows with --curl what it would send', async () => {
    const terminal = recordingTerminal();
    expect(await runCli([...args, '--url', 'http://h:1', '--curl'], terminal)).toBe(0);
    expect(terminal.output()).toContain(`http://h:1${path}`);
    if (body !== '') expect(terminal.output()).toContain(`--data-binary '${body}'`);
  });
});

describe('the exit code', () => {
  test.each([
    ['claim n v --owner u', problem('already-claimed', { owner: 'bob' }), 4],
    ['constraint add m --prefix a --field /b', problem('unique-violation', { keys: ['a/1', 'a/2'] }), 4],
    ['lock acquire l', problem('lock-held', { owner: 'bob', remainingMs: 5 }), 4],
    ['lock renew l 1', problem('fenced'), 4],
    ['lock show l', problem('not-found'), 1],
    ['seq next s', problem('no-quorum'), 3],
    ['seq next s', problem('outcome-unknown'), 3],
    ['member remove r9', problem('membership-conflict'), 4],
    ['lock acquire l', problem('invalid-request'), 2],
  ])('of %s', async (line, refusal, exit) => {
    expect((await runAgainst([refusal], line.split(' '))).exit).toBe(exit);
  });

  test.each([
    ['claim n v'],
    ['lock acquire l --ttl 0'],
    ['lock acquire l --ttl 25h'],
    ['lock renew l'],
    ['lock renew l -1'],
    ['lock run l'],
    ['lock run l --curl -- true'],
    ['seq next s -c causal'],
    ['constraint add m --prefix a'],
    ['member add'],
    ['elect observe e --changes 0'],
  ])('of %s is 2', async (line) => {
    const terminal = recordingTerminal();
    expect(await runCli(line.split(' '), terminal)).toBe(2);
  });
});

test('a weaker read of an object is asked for by name', async () => {
  const { replica } = await runAgainst([answer({ value: 7 })], ['seq', 'show', 's', '-c', 'eventual']);
  expect(replica.requests[0]?.headers['consistency-level']).toBe('eventual');
});

test('a command of the total order takes its key along', async () => {
  const { replica } = await runAgainst([answer({ value: 7 })], ['seq', 'next', 's', '--idempotency-key', 'k7']);
  expect(replica.requests[0]?.headers['idempotency-key']).toBe('k7');
});

test('a server without quorum is passed over for the next that is named', async () => {
  const { replica: cutOff } = await runAgainst([problem('no-quorum')], ['seq', 'show', 's']);
  const terminal = recordingTerminal();
  const { replica } = await runAgainst([answer({ value: 7 })], ['seq', 'show', 's']);
  expect(await runCli(['seq', 'next', 's', '--url', `${cutOff.url},${replica.url}`], terminal)).toBe(0);
  expect(terminal.output()).toBe('7\n');
  expect(cutOff.requests).toHaveLength(2);
});

describe('member', () => {
  test.each([
    ['list', 'GET', '/v1/members', ''],
    ['add r4', 'POST', '/v1/members', '{"id":"r4"}'],
    ['promote r4', 'POST', '/v1/members/r4/promote', ''],
    ['transfer r4', 'POST', '/v1/members/r4/lead', ''],
    ['remove r4', 'DELETE', '/v1/members/r4', ''],
  ])('%s shows who there is', async (line, method, path, body) => {
    const { exit, terminal, replica } = await runAgainst(
      [answer({ ...MEMBERS_VIEW, changing: true })],
      ['member', ...line.split(' ')],
    );
    expect(exit).toBe(0);
    expect(replica.requests).toMatchObject([{ method, path, body }]);
    expect(terminal.output()).toBe(
      'MEMBER  ROLE      INCARNATION\nr1      leader    r1~00000001\nr4      observer  r4~00000001\n',
    );
    expect(terminal.errors()).toBe('term 3, led by r1, a change is under way\n');
  });

  test('list says when no leader is known', async () => {
    const { terminal } = await runAgainst(
      [answer({ ...MEMBERS_VIEW, leader: null, changing: false })],
      ['member', 'list'],
    );
    expect(terminal.errors()).toBe('term 3, no leader is known\n');
  });
});

describe('elect observe', () => {
  const stream = 'event: leader\ndata: {"owner":null}\n\nevent: leader\ndata: {"owner":"a\\nb","fencingToken":5}\n\n';

  test('prints who leads at every change, until it has printed enough', async () => {
    const step = { headers: { 'Content-Type': 'text/event-stream' }, body: stream };
    const { exit, terminal } = await runAgainst([step], ['elect', 'observe', 'e', '--changes', '2']);
    expect(exit).toBe(0);
    expect(terminal.output()).toBe('nobody leads\nterm 5: a\\nb leads\n');
  });

  test('fails like any command where it is refused', async () => {
    const { exit, terminal } = await runAgainst([problem('unauthorized')], ['elect', 'observe', 'e']);
    expect(exit).toBe(1);
    expect(terminal.errors()).toContain('unauthorized: about unauthorized');
  });
});
