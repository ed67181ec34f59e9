/** `causeway lab` as a process: it starts, it shares the machine with others, and nothing of it stays behind. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningLab, run, startLabCommand, temporaryFolder, until } from './command.js';

let folder: ReturnType<typeof temporaryFolder>;
const labs: RunningLab[] = [];

beforeAll(() => {
  folder = temporaryFolder();
});

afterAll(async () => {
  for (const lab of labs) {
    lab.child.kill('SIGINT');
    await lab.finished;
  }
  folder.remove();
});

async function startOne(name: string, ...args: string[]): Promise<RunningLab> {
  const lab = await startLabCommand(args, join(folder.path, `${name}.json`));
  labs.push(lab);
  await until('the lab has said everything', () => lab.output().includes('Ctrl-C'));
  return lab;
}

function urlOf(lab: RunningLab, id: string): string {
  return lab.urls.replicas.find((replica) => replica.id === id)?.url ?? '';
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

describe('a lab of three', () => {
  let lab: RunningLab;

  beforeAll(async () => {
    lab = await startOne('three');
  });

  test('tells where its replicas are', () => {
    expect(lab.urls.replicas.map(({ id }) => id)).toEqual(['r1', 'r2', 'r3']);
    for (const { id, url, pid } of lab.urls.replicas) {
      expect(lab.output()).toMatch(new RegExp(`^${id} +${url} +${pid}$`, 'm'));
      expect(isAlive(pid)).toBe(true);
    }
  });

  test('prints three curl lines that do what they show', () => {
    const lines = lab.output().match(/^curl .*$/gm) ?? [];
    const answers = lines.slice(0, 1).map((line) => execFileSync('sh', ['-c', line], { encoding: 'utf8' }));
    expect(answers[0]).toContain('"key":"greeting"');
    expect(lines[1]).toContain(urlOf(lab, 'r3'));
    expect(execFileSync('sh', ['-c', lines[2] ?? ''], { encoding: 'utf8' })).toContain('"members":[');
    expect(lines).toHaveLength(3);
  });

  test('goes on without a replica that dies, and reports it', async () => {
    process.kill(lab.urls.replicas[2]?.pid ?? 0, 'SIGKILL');
    await until('it is reported', () => lab.errors().includes('replica r3 ended (SIGKILL)'));
    expect((await run(['put', 'k', 'v', '--url', urlOf(lab, 'r1'), '--durability', 'majority'])).exit).toBe(0);
    const status = await run(['status', '--url', urlOf(lab, 'r1')]);
    expect(status.exit).toBe(0);
    expect(status.output).toMatch(/^r1 +\S+ +up .*\nr2 +\S+ +up .*\nr3 +\S+ +down /m);
  });

  test('ends with everything it started at Ctrl-C, with exit code 0, and removes the data', async () => {
    const data = dataFolderOf(lab);
    expect(processesOf(data).length).toBeGreaterThanOrEqual(3);
    lab.child.kill('SIGINT');
    expect((await lab.finished).exit).toBe(0);
    expect(processesOf(data)).toEqual([]);
    expect(existsSync(data)).toBe(false);
    expect(await reaches(lab.urls.nats)).toBe(false);
  });
});

describe('two labs that start at once', () => {
  let a: RunningLab;
  let b: RunningLab;

  beforeAll(async () => {
    [a, b] = await Promise.all([
      startOne('a', '--replicas', '2'),
      startOne('b', '--replicas', '2', '--transport', 'embedded'),
    ]);
  });

  test('take different ports', () => {
    const urls = [...a.urls.replicas, ...b.urls.replicas].map(({ url }) => url);
    expect(new Set(urls).size).toBe(4);
  });

  test('do not hear each other', async () => {
    expect((await run(['put', 'only-in-a', '1', '--url', urlOf(a, 'r1'), '--durability', 'all'])).exit).toBe(0);
    expect((await run(['get', 'only-in-a', '--url', urlOf(a, 'r2')])).exit).toBe(0);
    expect((await run(['get', 'only-in-a', '--url', urlOf(b, 'r1')])).exit).toBe(1);
  });

  test('may use the embedded broker, and a banner says so', async () => {
    expect(b.output()).toContain('the broker built into Causeway stands in');
    expect((await run(['put', 'k', 'v', '--url', urlOf(b, 'r1'), '--durability', 'all'])).exit).toBe(0);
    expect((await run(['status', '--url', urlOf(b, 'r1')])).output).toContain('embedded');
  });

  test.each([
    ['a', 'on a nats-server'],
    ['b', 'on the embedded broker'],
  ])(
    'when %s is killed, %s, nothing of it is left: no process, not even a paused replica, and no data',
    async (name) => {
      const lab = name === 'a' ? a : b;
      const data = dataFolderOf(lab);
      process.kill(lab.urls.replicas[0]?.pid ?? 0, 'SIGSTOP');
      lab.child.kill('SIGKILL');
      await lab.finished;
      await until('no process is left', () => processesOf(data).length === 0);
      await until('the data is gone', () => !existsSync(data));
      expect(await reaches(lab.urls.nats)).toBe(false);
    },
  );
});

describe('a lab with --data', () => {
  test('goes on where the one before it stopped, and shares its data with no other', async () => {
    const data = join(folder.path, 'kept');
    const before = await startOne('before', '--replicas', '1', '--data', data);
    expect((await run(['put', 'k', 'kept', '--url', urlOf(before, 'r1')])).exit).toBe(0);
    before.child.kill('SIGTERM');
    expect((await before.finished).exit).toBe(0);
    const after = await startOne('after', '--replicas', '1', '--data', data);
    expect(await run(['get', 'k', '--url', urlOf(after, 'r1')])).toMatchObject({ exit: 0, output: 'kept' });
    const second = await run(['lab', '--replicas', '1', '--data', data]);
    expect(second.exit).toBe(1);
    expect(second.errors).toMatch(/r1: .*in use by another process/);
  });

  test('that is no lab’s is refused, and no urls file of an earlier lab is left', async () => {
    const file = join(folder.path, 'urls.json');
    writeFileSync(file, '{"replicas":[]}');
    writeFileSync(join(folder.path, 'lab.json'), '{}');
    const damaged = await run(['lab', '--data', folder.path, '--urls-file', file]);
    expect(damaged.exit).toBe(2);
    expect(damaged.errors).toContain('lab.json is damaged or of another version');
    expect(existsSync(file)).toBe(false);
  });
});
