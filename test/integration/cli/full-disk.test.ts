/** A whole replica on a disk that is full: it says so, ends, and has everything it acknowledged when it runs again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sendCall } from '../../../src/lab/http-call.js';
import { type RunningCommand, start, temporaryFolder, until } from '../lab/command.js';

const TRACER = ['strace', '-f', '-qq', '-o', '/dev/null'];
const [PROGRAM = '', ...OPTIONS] = TRACER;
const canTrace = spawnSync(PROGRAM, [...OPTIONS, process.execPath, '-v']).status === 0;
if (!canTrace) process.stdout.write('full-disk: strace cannot be used here, so no disk is made to be full\n');
let folder: ReturnType<typeof temporaryFolder>;
let running: RunningCommand | undefined;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.finished;
  folder.remove();
});

async function serve(data: string, under: readonly string[]): Promise<{ command: RunningCommand; url: string }> {
  const flags = ['--id', 'r1', '--http', ':0', '--nats', 'nats://127.0.0.1:1', '--data', data];
  const command = start(['serve', ...flags], { under });
  running = command;
  await until('it is ready', () => /^ready /m.test(command.output()));
  return { command, url: /^ready r1 (\S+)$/m.exec(command.output())?.[1] ?? '' };
}

function call(origin: string, method: 'PUT' | 'GET', key: string) {
  const body = method === 'PUT' ? { body: Buffer.from(key) } : {};
  return sendCall({ method, origin, path: `/v1/kv/${key}`, headers: {}, ...body }, { timeoutMs: 10_000 });
}

describe.runIf(canTrace)('a replica whose disk is full', () => {
  test('ends with one coded sentence, and what it acknowledged is there when it has space again', async () => {
    const data = join(folder.path, 'data');
    const full = 'inject=pwrite64,pwritev,writev:error=ENOSPC:when=60+';
    const { command, url } = await serve(data, [...TRACER, '-P', join(data, 'data.mdb'), '-e', full]);
    const acknowledged: string[] = [];
    for (let i = 0; i < 500; i += 1) {
      const answer = await call(url, 'PUT', `k${i}`).catch(() => undefined);
      if (answer?.status !== 200) break;
      acknowledged.push(`k${i}`);
    }
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.length).toBeLessThan(500);
    const { exit, errors } = await command.finished;
    // LMDB's own code damages its heap on some failed writes, and the C library ends the process before ours can say why.
    if (exit === null) expect(errors).toMatch(/^Write error: No space left on device/m);
    else {
      expect(exit).toBe(1);
      expect(errors).toMatch(/^fatal: Storage failed: .*No space left on device/m);
      expect(errors).toContain('Check space and health of the disk');
    }
    const again = await serve(data, []);
    for (const key of acknowledged) expect((await call(again.url, 'GET', key)).status, key).toBe(200);
  });
});
