/** `causeway serve`: it starts, ends in order, and refuses in one clear sentence. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jsonOf, sendCall } from '../../../src/lab/http-call.js';
import { type RunningCommand, run, start, temporaryFolder, until } from '../lab/command.js';

/** Nothing listens there: a replica starts without NATS as well. */
const NO_NATS = 'nats://127.0.0.1:1';
let folder: ReturnType<typeof temporaryFolder>;
const running: RunningCommand[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  for (const command of running.splice(0)) {
    command.child.kill('SIGKILL');
    await command.finished;
  }
  folder.remove();
});

async function serve(...args: string[]): Promise<{ readonly command: RunningCommand; readonly url: string }> {
  const command = start(['serve', '--id', 'r1', '--http', ':0', '--nats', NO_NATS, '--data', data(), ...args]);
  running.push(command);
  let ended = false;
  void command.finished.then(() => {
    ended = true;
  });
  await until('it is ready or has ended', () => /^ready /m.test(command.output()) || ended);
  const url = /^ready r1 (\S+)$/m.exec(command.output())?.[1];
  if (url === undefined) throw new Error(command.errors());
  return { command, url };
}

function data(): string {
  return join(folder.path, 'data');
}

function refused(...args: string[]): ReturnType<typeof run> {
  return run(['serve', '--nats', NO_NATS, ...args]);
}

test('a replica by itself is ready without a NATS server, and SIGTERM ends it with exit code 0', async () => {
  const { command, url } = await serve();
  const put = { method: 'PUT', origin: url, path: '/v1/kv/k', headers: {}, body: Buffer.from('v') } as const;
  expect((await sendCall(put, { timeoutMs: 5_000 })).status).toBe(200);
  command.child.kill('SIGTERM');
  const { exit, errors } = await command.finished;
  expect(exit).toBe(0);
  expect(errors).toMatch(/replica\.stopping/);
  expect(errors).toMatch(/replica\.stopped/);
});

/** A request whose body never comes to its end, on a connection that is held. */
async function unfinishedRequest(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  await new Promise<void>((resolve) => {
    socket.write(`PUT /v1/kv/k HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nabc`, () => resolve());
  });
  return socket;
}

test('a request that never ends does not keep it from ending in order', async () => {
  const { command, url } = await serve();
  const socket = await unfinishedRequest(url);
  command.child.kill('SIGTERM');
  expect((await command.finished).exit).toBe(0);
  socket.destroy();
});

test('a replica that belongs to a lab ends by itself when the lab is gone', async () => {
  const { command } = await serve('--exit-with-parent');
  command.child.stdin?.end();
  expect((await command.finished).exit).toBe(0);
});

test('a second signal ends it at once', async () => {
  const { command } = await serve();
  // Frozen it cannot act on the first before it gets the second.
  for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) command.child.kill(signal);
  expect([130, 143]).toContain((await command.finished).exit);
});

test('logs are JSON, one document a line, if they are asked for', async () => {
  const { command } = await serve('--log', 'json');
  command.child.kill('SIGINT');
  const { exit, errors } = await command.finished;
  expect(exit).toBe(0);
  const events = errors
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.at(-1)).toMatchObject({ level: 'info', event: 'replica.stopped' });
});

test('with a token file every request needs a token of it', async () => {
  const tokens = join(folder.path, 'tokens.json');
  writeFileSync(tokens, JSON.stringify({ tokens: [{ token: 'reader-token', role: 'read' }] }));
  const { url } = await serve('--auth-tokens', tokens);
  expect((await run(['get', 'k', '--url', url])).errors).toContain('Unauthorized');
  expect((await run(['get', 'k', '--url', url, '--token', 'reader-token'])).errors).toContain('Not found');
  expect((await run(['put', 'k', 'v', '--url', url, '--token', 'reader-token'])).errors).toContain('Forbidden');
});

test('members are those of --peers, itself included', async () => {
  const { url } = await serve('--peers', 'r3=http://127.0.0.1:3,r2=http://127.0.0.1:2');
  const answer = await sendCall({ method: 'GET', origin: url, path: '/v1/cluster', headers: {} }, { timeoutMs: 5_000 });
  const { members } = jsonOf(answer) as { members: readonly { id: string; url: string }[] };
  expect(members).toMatchObject([{ id: 'r1', url }, { id: 'r2', url: 'http://127.0.0.1:2' }, { id: 'r3' }]);
});

test('a port that is in use is one sentence and exit code 1, and the data is not touched', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const { exit, errors } = await refused('--id', 'r1', '--http', address, '--data', data());
  other.close();
  expect(exit).toBe(1);
  expect(errors).toContain(`Port in use: another process listens on ${address}`);
});

test('a data directory in use is refused, and so is one of another replica or another cluster', async () => {
  const { command } = await serve();
  const again = await refused('--id', 'r1', '--http', ':0', '--data', data());
  expect(again).toMatchObject({ exit: 1 });
  expect(again.errors).toContain('in use by another process');
  command.child.kill('SIGTERM');
  await command.finished;
  const otherCluster = await refused('--id', 'r1', '--http', ':0', '--data', data(), '--cluster', 'other');
  expect(otherCluster.exit).toBe(1);
  expect(otherCluster.errors).toMatch(/^error: .+/m);
  const otherReplica = await refused('--id', 'r2', '--http', ':0', '--data', data());
  expect(otherReplica.exit).toBe(1);
});

describe('what is not understood ends with exit code 2:', () => {
  test.each([
    [['--data', 'd'], "required option '--id <id>' not specified"],
    [['--id', 'R1', '--data', 'd'], '"R1" is not a replica id'],
    [['--id', 'r1', '--data', 'd', '--http', '192.0.2.1:7101'], 'cannot listen on 192.0.2.1:7101'],
    [['--id', 'r1', '--data', 'file', '--http', ':0'], 'is not a directory'],
  ])('%j', async (args, sentence) => {
    mkdirSync(data());
    writeFileSync(join(data(), 'file'), '');
    const { exit, errors } = await run(['serve', '--nats', NO_NATS, ...args], { cwd: data() });
    expect(errors).toContain(sentence);
    expect(exit).toBe(2);
  });
});
