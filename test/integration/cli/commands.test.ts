/** The client commands against a real cluster of three. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finished, type RunningLab, run, start, startLabCommand, temporaryFolder, until } from '../lab/command.js';

let folder: ReturnType<typeof temporaryFolder>;
let lab: RunningLab;

beforeAll(async () => {
  folder = temporaryFolder();
  lab = await startLabCommand(['--base-port', '7401'], join(folder.path, 'urls.json'));
});

afterAll(async () => {
  lab?.child.kill('SIGINT');
  await lab?.finished;
  folder.remove();
});

function at(id: string, args: readonly string[], input?: string | Uint8Array): Promise<Finished> {
  const url = lab.urls.replicas.find((replica) => replica.id === id)?.url ?? '';
  return run(args, { env: { CAUSEWAY_URL: url }, ...(input === undefined ? {} : { input }) });
}

test('put, get, list and del, with their exit codes', async () => {
  expect(await at('r1', ['put', 'basic/a', 'one', '-c', 'eventual'])).toMatchObject({ exit: 0, errors: '' });
  expect(await at('r1', ['put', 'basic/b', '-'], 'two\n')).toMatchObject({ exit: 0 });
  expect(await at('r1', ['get', 'basic/b'])).toEqual({ exit: 0, output: 'two\n', errors: '' });
  const listed = await at('r1', ['list', '--prefix', 'basic/', '-o', 'json']);
  expect(JSON.parse(listed.output).items.map(({ key }: { key: string }) => key)).toEqual(['basic/a', 'basic/b']);
  expect((await at('r1', ['del', 'basic/a'])).exit).toBe(0);
  const absent = await at('r1', ['get', 'basic/a']);
  expect(absent).toMatchObject({ exit: 1, output: '' });
  expect(absent.errors).toMatch(/^error: Not found: .+\n/);
});

test('every byte value survives put and get', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  expect((await at('r1', ['put', 'bytes', '-'], bytes)).exit).toBe(0);
  const got = start(['get', 'bytes', '--url', lab.urls.replicas[0]?.url ?? ''], { input: '' });
  const chunks: Buffer[] = [];
  got.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await got.finished;
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test('a session follows its user from replica to replica', async () => {
  const session = join(folder.path, 'session.json');
  for (let i = 0; i < 3; i += 1) {
    const [writer, reader] = [`r${i + 1}`, `r${((i + 1) % 3) + 1}`];
    expect((await at(writer, ['put', 'followed', `step ${i}`, '--session', session])).exit).toBe(0);
    expect(await at(reader, ['get', 'followed', '--session', session])).toMatchObject({ exit: 0, output: `step ${i}` });
  }
  expect(statSync(session).mode & 0o777).toBe(0o600);
});

test('a level that is not offered, a condition at a weak level, and a bad token are told apart', async () => {
  expect((await at('r1', ['get', 'k', '-c', 'linearizable'])).exit).toBe(1);
  const conditional = await at('r1', ['put', 'k', 'v', '--if-none-match', '-o', 'json']);
  expect(conditional.exit).toBe(2);
  expect(JSON.parse(conditional.output).type).toMatch(/precondition-needs-linearizable$/);
  expect((await at('r1', ['get', 'k', '--causal-token', 'c1.AAAA'])).exit).toBe(2);
});

test('a write is repeated under its idempotency key, not done twice', async () => {
  const write = ['put', 'once', 'v', '--idempotency-key', 'k-1', '-o', 'json'];
  const first = JSON.parse((await at('r1', write)).output);
  const second = JSON.parse((await at('r1', write)).output);
  expect(second.etag).toBe(first.etag);
});

test('partition, status, faults and heal do what they say', async () => {
  const north = join(folder.path, 'north.json');
  expect(await at('r2', ['partition', 'r1', '/', 'r2,r3', '--for', '600s'])).toEqual({
    exit: 0,
    output: 'cut r1 | r2,r3 at r1, r2, r3\n',
    errors: '',
  });
  expect((await at('r1', ['faults'])).output.match(/partition +cut: r1 \| r2,r3/g)).toHaveLength(3);
  expect((await at('r1', ['put', 'cart', 'apples', '--session', north])).exit).toBe(0);
  expect((await at('r2', ['put', 'cart', 'pears', '--durability', 'majority'])).exit).toBe(0);
  const waiting = await at('r2', ['get', 'cart', '--session', north, '--timeout', '200ms', '-o', 'json']);
  expect(waiting.exit).toBe(3);
  expect(JSON.parse(waiting.output)).toMatchObject({
    status: 503,
    missing: [{ origin: expect.stringMatching(/^r1~/) }],
  });
  const status = await at('r1', ['status']);
  expect(status.output).toMatch(/^r2 .* partition cut: r1 \| r2,r3$/m);
  expect(await at('r3', ['heal'])).toMatchObject({ exit: 0, output: 'healed everything at r1, r2, r3\n' });
  expect((await at('r3', ['faults'])).output).toBe('no faults\n');
  const healed = await at('r2', ['get', 'cart', '--session', north]);
  expect(healed.exit).toBe(0);
  expect(healed.errors).toContain('1 other version was written concurrently');
  await until('status says that nobody is behind', async () => {
    const { replicas } = JSON.parse((await at('r1', ['status', '-o', 'json'])).output);
    return replicas.every(({ behindOps }: { behindOps: number }) => behindOps === 0);
  });
});

test('a delayed link is listed with its effect and healed by name or altogether', async () => {
  expect((await at('r1', ['link', 'r1', 'r3', '--delay', '200ms', '--jitter', '50ms', '--drop', '0.1'])).exit).toBe(0);
  expect((await at('r1', ['faults'])).output).toContain('r1 -> r3: drop 10 %, delay 200 ms, jitter 50 ms');
  expect((await at('r1', ['heal', '--name', 'cut'])).exit).toBe(0);
  expect((await at('r1', ['faults'])).output).toContain('r1 -> r3');
  expect((await at('r1', ['heal'])).exit).toBe(0);
});

test('output into a pipe that closes early is no error', async () => {
  const value = 'x'.repeat(400_000);
  expect((await at('r1', ['put', 'long', '-'], value)).exit).toBe(0);
  const got = start(['get', 'long', '--url', lab.urls.replicas[0]?.url ?? ''], { input: '' });
  got.child.stdout?.destroy();
  const { errors } = await got.finished;
  expect(errors).toBe('');
});

test('doctor finds what the lab runs on', async () => {
  const { exit, output } = await run(['doctor', '-o', 'json']);
  const { findings } = JSON.parse(output);
  expect(findings.map(({ what }: { what: string }) => what)).toEqual(['Node.js', 'NATS', 'Disk', 'Ports', 'Memory']);
  expect(exit).toBe(0);
});
