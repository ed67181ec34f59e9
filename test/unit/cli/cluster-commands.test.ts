/** status and the fault commands, against members whose answers are written down: one of them is down, one refuses. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { ScriptedReplica, type Step } from '../client/scripted-replica.js';
import { type RecordingTerminal, recordingTerminal } from './recording-terminal.js';

const DOWN = 'http://127.0.0.1:1';
let r1: ScriptedReplica;
let r2: ScriptedReplica;

beforeEach(async () => {
  r2 = await ScriptedReplica.start(answering({}));
  r1 = await ScriptedReplica.start(answering({}));
});

afterEach(async () => {
  await Promise.all([r1.stop(), r2.stop()]);
});

/** Answers by path; anything else is 200 `{}`. */
function answering(answers: Readonly<Record<string, { readonly status?: number; readonly body: unknown }>>): Step {
  return (response, request) => {
    const known: Readonly<Record<string, { readonly status?: number; readonly body: unknown }>> = {
      '/v1/cluster': { body: { members: membersNow() } },
      ...answers,
    };
    const { status = 200, body } = known[request.path] ?? { body: {} };
    response.writeHead(status).end(JSON.stringify(body));
  };
}

let members: readonly { id: string; url: string | null }[] = [];
function membersNow(): typeof members {
  return members.length > 0
    ? members
    : [
        { id: 'r1', url: r1.url },
        { id: 'r2', url: r2.url },
        { id: 'r3', url: DOWN },
      ];
}

async function run(...args: string[]): Promise<{ exit: number; terminal: RecordingTerminal }> {
  const terminal = recordingTerminal();
  return { exit: await runCli([...args, '--url', r1.url], terminal), terminal };
}

test('a partition is told to every member, and the result says who took it', async () => {
  const { exit, terminal } = await run('partition', 'r1', '/', 'r2,r3', '--for', '30s');
  expect(terminal.output()).toBe('cut r1 | r2,r3 at r1, r2\n');
  expect(terminal.errors()).toBe(`not at r3: nothing listens at ${DOWN}\n`);
  expect(exit).toBe(3);
  for (const replica of [r1, r2]) {
    const told = replica.requests.find(({ method }) => method === 'PUT');
    expect(told?.path).toBe('/v1/faults/partitions/cut');
    expect(JSON.parse(told?.body ?? '')).toEqual({ groups: [['r1'], ['r2', 'r3']], ttlMs: 30_000 });
  }
});

test('a replica that is no member is refused before anything is cut', async () => {
  const { exit, terminal } = await run('partition', 'r1 | r4');
  expect(exit).toBe(2);
  expect(terminal.errors()).toContain('r4 is no member of the cluster\nThe members are r1, r2, r3.');
  expect(r2.requests).toEqual([]);
});

test('--curl prints one line for each member', async () => {
  const { exit, terminal } = await run('heal', '--curl');
  expect(exit).toBe(0);
  expect(terminal.output()).toBe([r1.url, r2.url, DOWN].map((url) => `curl -sS -X DELETE ${url}/v1/faults\n`).join(''));
  expect(r2.requests).toEqual([]);
});

test('a link fault carries what was given and nothing else, both ways if asked', async () => {
  members = [
    { id: 'r1', url: r1.url },
    { id: 'r2', url: r2.url },
  ];
  const { exit } = await run('link', 'r1', 'r2', '--delay', '200ms', '--drop', '10%', '--both');
  members = [];
  expect(exit).toBe(0);
  const told = r2.requests.filter(({ method }) => method === 'PUT');
  expect(told.map(({ path }) => path)).toEqual(['/v1/faults/links/r1/r2', '/v1/faults/links/r2/r1']);
  expect(JSON.parse(told[0]?.body ?? '')).toEqual({ drop: 0.1, delayMs: 200 });
});

test.each([
  [['--ahead', '1h'], 'PUT', { skewMs: 3_600_000 }, 'clock 1 h ahead at r2\n'],
  [['--behind', '250ms', '--for', '5m'], 'PUT', { skewMs: -250, ttlMs: 300_000 }, 'clock 250 ms behind at r2\n'],
  [['--right'], 'DELETE', undefined, 'clock right at r2\n'],
])('a clock fault %j is told to the one replica', async (flags, method, body, said) => {
  const { exit, terminal } = await run('faults', 'clock', 'r2', ...flags);
  expect(exit).toBe(0);
  expect(terminal.output()).toBe(said);
  const told = r2.requests.find(({ path }) => path === '/v1/faults/clock');
  expect(told?.method).toBe(method);
  expect(told?.body).toBe(body === undefined ? '' : JSON.stringify(body));
  expect(r1.requests.map(({ path }) => path)).toEqual(['/v1/cluster']);
});

test('a clock fault without a skew, with two, or of a stranger is misuse', async () => {
  expect((await run('faults', 'clock', 'r2')).exit).toBe(2);
  expect((await run('faults', 'clock', 'r2', '--ahead', '1s', '--behind', '1s')).exit).toBe(2);
  expect((await run('faults', 'clock', 'r2', '--ahead', '8d')).exit).toBe(2);
  expect((await run('faults', 'clock', 'r9', '--ahead', '1s')).exit).toBe(2);
});

test('a link without a fault, or to itself, is misuse', async () => {
  expect((await run('link', 'r1', 'r2')).exit).toBe(2);
  expect((await run('link', 'r1', 'r1', '--drop', '1')).exit).toBe(2);
});

test('a member that refuses is named with its reason, and the command fails', async () => {
  await r2.stop();
  const refusal = { status: 403, body: { title: 'Fault injection is disabled', detail: 'Not here.' } };
  r2 = await ScriptedReplica.start(answering({ '/v1/faults': refusal }));
  const { exit, terminal } = await run('heal');
  expect(exit).toBe(1);
  expect(terminal.output()).toBe('healed everything at r1\n');
  expect(terminal.errors()).toContain('not at r2: Fault injection is disabled: Not here.\n');
});

test('faults shows what is in force at whom, and for how long', async () => {
  await r2.stop();
  const faults = [
    { kind: 'partition', name: 'cut', groups: [['r1'], ['r2', 'r3']], ttlMs: 60_000, remainingMs: 30_000 },
    {
      kind: 'link',
      from: 'r1',
      to: 'r2',
      drop: 0.1,
      delayMs: 5,
      jitterMs: 0,
      duplicate: 0,
      ttlMs: 1,
      remainingMs: 900,
    },
    { kind: 'clock', skewMs: -250, ttlMs: 1, remainingMs: 60_000 },
  ];
  r2 = await ScriptedReplica.start(answering({ '/v1/faults': { body: { faults } } }));
  const { exit, terminal } = await run('faults');
  expect(exit).toBe(3);
  expect(terminal.output()).toBe(
    'REPLICA  FAULT      WHAT                             HEALS ITSELF IN\n' +
      'r2       partition  cut: r1 | r2,r3                  30 s\n' +
      'r2       link       r1 -> r2: drop 10 %, delay 5 ms  900 ms\n' +
      'r2       clock      -250 ms                          1 min\n',
  );
});

test('status shows every member, also those that are down, and how far behind each is', async () => {
  await Promise.all([r1.stop(), r2.stop()]);
  const report = (vector: object) => ({
    incarnation: 'r1~00000001',
    role: 'follower',
    term: 3,
    leader: 'r2',
    logIndex: 12,
    commitIndex: 11,
    appliedIndex: 10,
    vector,
    buffered: 0,
    hlc: '1700000000123.4',
    keys: 2,
    transport: 'embedded',
  });
  r2 = await ScriptedReplica.start(answering({ '/v1/replica': { body: report({ 'r1~00000001': 3 }) } }));
  r1 = await ScriptedReplica.start(
    answering({ '/v1/replica': { body: report({ 'r1~00000001': 5, 'r2~00000002': 1 }) } }),
  );
  const { exit, terminal } = await run('status');
  expect(exit).toBe(0);
  const rows = terminal
    .output()
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(rows.map((row) => row.filter((_, column) => column !== 1))).toEqual([
    [
      ...['REPLICA', 'STATE', 'ROLE', 'LEADER', 'TERM', 'LOG', 'COMMITTED', 'APPLIED'],
      ...['KEYS', 'BEHIND', 'BUFFERED', 'CLOCK', 'TRANSPORT', 'FAULTS'],
    ],
    ['r1', 'up', 'follower', 'r2', '3', '12', '11', '10', '2', '0', '0', '22:13:20.123Z', 'embedded', '-'],
    ['r2', 'up', 'follower', 'r2', '3', '12', '11', '10', '2', '3', '0', '22:13:20.123Z', 'embedded', '-'],
    ['r3', 'down', ...Array.from({ length: 11 }, () => '-'), `nothing listens at ${DOWN}`],
  ]);
  const asJson = await run('status', '-o', 'json');
  expect(JSON.parse(asJson.terminal.output()).replicas).toMatchObject([
    { id: 'r1', reachable: true, behindOps: 0 },
    { id: 'r2', reachable: true, behindOps: 3 },
    { id: 'r3', reachable: false, behindOps: null, status: null },
  ]);
});

test('without a server that knows the members nothing is guessed', async () => {
  const terminal = recordingTerminal();
  expect(await runCli(['status', '--url', DOWN], terminal)).toBe(3);
  members = [];
  await r1.stop();
  r1 = await ScriptedReplica.start({ body: '{"members":[]}' });
  expect((await run('status')).exit).toBe(1);
});
