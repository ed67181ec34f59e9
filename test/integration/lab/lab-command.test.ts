/** `causeway lab` as a process: it starts, it shares the machine with others, and nothing of it stays behind. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningLab, run, startLabCommand, temporaryFolder, until } from './command.js';

let folder: ReturnType<typeof temporaryFolder>;
const labs: RunningLab[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  for (const lab of labs.splice(0)) {
    lab.child.kill('SIGINT');
    await lab.finished;
  }
  folder.remove();
});

async function startOne(name: string, ...args: string[]): Promise<RunningLab> {
  const lab = await startLabCommand(args, join(folder.path, `${name}.json`));
  labs.push(lab);
  return lab;
}

/** Every process whose command line names the lab's data, other than the lab itself. */
function processesOf(dataFolder: string): string[] {
  const listed = execFileSync('ps', ['-eo', 'pid,stat,args'], { encoding: 'utf8' }).split('\n');
  return listed.filter((line) => line.includes(dataFolder) && !/^\s*\d+\s+Z/.test(line));
}

function dataFolderOf(lab: RunningLab): string {
  const path = /^Data and logs: (\S+)/m.exec(lab.output())?.[1];
  if (path === undefined) throw new Error(`no data folder in: ${lab.output()}`);
  return path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function reaches(nats: string): Promise<boolean> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(nats);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('a lab tells where its replicas are, takes writes at one and shows them at another', async () => {
  const lab = await startOne('a');
  expect(lab.urls.replicas.map(({ id }) => id)).toEqual(['r1', 'r2', 'r3']);
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  for (const { id, url, pid } of lab.urls.replicas) {
    expect(lab.output()).toMatch(new RegExp(`^${id} +${url} +${pid}$`, 'm'));
    expect(isAlive(pid)).toBe(true);
  }
  expect(lab.output().match(/^curl .*$/gm)).toHaveLength(3);
  const [first, second] = lab.urls.replicas;
  const session = join(folder.path, 'session.json');
  expect((await run(['put', 'k', 'v', '--url', first?.url ?? '', '--session', session])).exit).toBe(0);
  expect(await run(['get', 'k', '--url', second?.url ?? '', '--session', session])).toMatchObject({
    exit: 0,
    output: 'v',
  });
});

test('its curl lines do what they show', async () => {
  const lab = await startOne('a', '--replicas', '1');
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  const answers = (lab.output().match(/^curl .*$/gm) ?? []).map((line) =>
    execFileSync('sh', ['-c', line], { encoding: 'utf8' }),
  );
  expect(answers[0]).toContain('"key":"greeting"');
  expect(answers[1]).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhello$/);
  expect(answers[2]).toContain('"members":[');
});

test('two labs that start at once take different ports, and neither hears the other', async () => {
  const [a, b] = await Promise.all([startOne('a', '--replicas', '2'), startOne('b', '--replicas', '2')]);
  const urls = [...a.urls.replicas, ...b.urls.replicas].map(({ url }) => url);
  expect(new Set(urls).size).toBe(4);
  expect((await run(['put', 'only-in-a', '1', '--url', urls[0] ?? '', '--durability', 'all'])).exit).toBe(0);
  expect((await run(['get', 'only-in-a', '--url', urls[1] ?? ''])).exit).toBe(0);
  expect((await run(['get', 'only-in-a', '--url', urls[2] ?? ''])).exit).toBe(1);
});

test('Ctrl-C ends everything with exit code 0 and removes the data', async () => {
  const lab = await startOne('a', '--replicas', '2');
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  const data = dataFolderOf(lab);
  expect(processesOf(data).length).toBeGreaterThanOrEqual(3);
  lab.child.kill('SIGINT');
  expect((await lab.finished).exit).toBe(0);
  expect(processesOf(data)).toEqual([]);
  expect(existsSync(data)).toBe(false);
  expect(await reaches(lab.urls.nats)).toBe(false);
});

test('a lab that is killed takes everything it started with it, also a paused replica, and its data', async () => {
  const lab = await startOne('a', '--replicas', '2');
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  const data = dataFolderOf(lab);
  const [r1] = lab.urls.replicas;
  process.kill(r1?.pid ?? 0, 'SIGSTOP');
  lab.child.kill('SIGKILL');
  await lab.finished;
  await until('no process is left', () => processesOf(data).length === 0);
  await until('the data is gone', () => !existsSync(data));
  expect(await reaches(lab.urls.nats)).toBe(false);
});

test('a replica that dies is reported, and the lab goes on with the others', async () => {
  const lab = await startOne('a', '--replicas', '2');
  const [r1, r2] = lab.urls.replicas;
  process.kill(r2?.pid ?? 0, 'SIGKILL');
  await until('it is reported', () => lab.errors().includes('replica r2 ended (SIGKILL)'));
  expect((await run(['put', 'k', 'v', '--url', r1?.url ?? ''])).exit).toBe(0);
  const status = await run(['status', '--url', r1?.url ?? '']);
  expect(status.exit).toBe(0);
  expect(status.output).toMatch(/^r1 +\S+ +up .*\nr2 +\S+ +down /m);
});

test('with --data a lab goes on where the one before it stopped', async () => {
  const data = join(folder.path, 'kept');
  const before = await startOne('a', '--replicas', '2', '--data', data);
  expect((await run(['put', 'k', 'kept', '--url', before.urls.replicas[0]?.url ?? ''])).exit).toBe(0);
  before.child.kill('SIGTERM');
  expect((await before.finished).exit).toBe(0);
  const after = await startOne('b', '--replicas', '2', '--data', data);
  expect(await run(['get', 'k', '--url', after.urls.replicas[0]?.url ?? ''])).toMatchObject({
    exit: 0,
    output: 'kept',
  });
});

test('a lab whose data another lab uses, or that is no lab’s, says so and leaves nothing running', async () => {
  const data = join(folder.path, 'kept');
  await startOne('a', '--replicas', '1', '--data', data);
  const second = await run(['lab', '--replicas', '1', '--data', data]);
  expect(second.exit).toBe(1);
  expect(second.errors).toMatch(/r1: .*in use by another process/);
  writeFileSync(join(folder.path, 'lab.json'), '{}');
  const damaged = await run(['lab', '--data', folder.path]);
  expect(damaged.exit).toBe(2);
  expect(damaged.errors).toContain('lab.json is damaged or of another version');
});

test('a lab that does not start leaves no urls file of an earlier one', async () => {
  const file = join(folder.path, 'urls.json');
  writeFileSync(file, '{"replicas":[]}');
  writeFileSync(join(folder.path, 'lab.json'), '{}');
  expect((await run(['lab', '--data', folder.path, '--urls-file', file])).exit).toBe(2);
  expect(existsSync(file)).toBe(false);
});

test('the embedded broker carries a lab when it is asked for, and a banner says so', async () => {
  const lab = await startOne('a', '--replicas', '2', '--transport', 'embedded');
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  expect(lab.output()).toContain('the broker built into Causeway stands in');
  const [r1] = lab.urls.replicas;
  expect((await run(['put', 'k', 'v', '--url', r1?.url ?? '', '--durability', 'all'])).exit).toBe(0);
  expect((await run(['status', '--url', r1?.url ?? ''])).output).toContain('embedded');
});
