/** `lock run`: a real child under a lock that a scripted replica gives, keeps or takes away. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { problem } from '../client/answers-of-replicas.js';
import type { Step } from '../client/scripted-replica.js';
import { answer, type Ran, runAgainst } from './running.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-run-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Answers by the last part of the path. */
function lockServer(answers: Readonly<Record<string, Step>> = {}, ttlMs = 60_000): Step {
  return (response, request) => {
    const granted = answer({ fencingToken: 9, owner: 'ann', ttlMs });
    const step = answers[request.path.split('/').at(-1) ?? ''] ?? granted;
    if (typeof step === 'function') step(response, request);
    else response.writeHead(step.status ?? 200, step.headers).end(step.body);
  };
}

function runUnder(script: string, server: Step, ...flags: readonly string[]): Promise<Ran> {
  const env = { ...process.env, OUT: join(folder, 'out') } as Readonly<Record<string, string>>;
  const command = ['--', process.execPath, '-e', script];
  return runAgainst([server], ['lock', 'run', 'a/b', '--owner', 'ann', '--ttl', '1m', ...flags, ...command], {
    env,
  });
}

const asked = ({ replica }: Ran) => replica.requests.map(({ path }) => path.split('/').at(-1));

test('the command finds its fencing token, and its exit code is the result', async () => {
  const script = `require('fs').writeFileSync(process.env.OUT, process.env.CAUSEWAY_FENCING_TOKEN); process.exit(7)`;
  const ran = await runUnder(script, lockServer(), '--wait', '1s');
  expect(ran.exit).toBe(7);
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('a%2Fb=9');
  expect([asked(ran)[0], asked(ran).at(-1)]).toEqual(['acquire', 'release']);
  expect(JSON.parse(ran.replica.requests[0]?.body ?? '')).toEqual({ owner: 'ann', ttlMs: 60_000, waitMs: 1_000 });
});

test('a command that a signal ends says so as shells do', async () => {
  expect((await runUnder(`process.kill(process.pid, 'SIGKILL')`, lockServer())).exit).toBe(137);
});

test('the lease is renewed while the command runs', async () => {
  const renew: Step = (response) => {
    writeFileSync(join(folder, 'out'), '');
    response.writeHead(200).end('{}');
  };
  const untilRenewed = `setInterval(() => { if (require('fs').existsSync(process.env.OUT)) process.exit(7) }, 20)`;
  expect((await runUnder(untilRenewed, lockServer({ renew }, 4_500))).exit).toBe(7);
});

test('a command that loses the lock is killed, and the exit code is 4', async () => {
  const ran = await runUnder('setInterval(() => undefined, 1_000)', lockServer({ renew: problem('fenced') }, 900));
  expect(ran.exit).toBe(4);
  expect(ran.terminal.errors()).toContain('the lease of "a/b" under fencing token 9 was lost');
  expect(asked(ran)).not.toContain('release');
});

test('without the lock the command does not run', async () => {
  const held = problem('lock-held', { owner: 'bob' });
  const script = `require('fs').writeFileSync(process.env.OUT, '')`;
  const ran = await runUnder(script, lockServer({ acquire: held }));
  expect(ran.exit).toBe(4);
  expect(() => readFileSync(join(folder, 'out'))).toThrow('ENOENT');
});

test('a command that cannot be run gives the lock back', async () => {
  const ran = await runAgainst([lockServer()], ['lock', 'run', 'l', '--', join(folder, 'nothing')]);
  expect(ran.exit).toBe(2);
  expect(ran.terminal.errors()).toContain('cannot be run');
  expect(asked(ran).at(-1)).toBe('release');
});
