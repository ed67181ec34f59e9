/** Who may open a data directory, and what is said to the others. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDirectory } from '../../../src/adapters/data-directory.js';
import { processIdentity } from '../../../src/adapters/process-identity.js';

const COMPILED = join(dirname(fileURLToPath(import.meta.url)), '../../../dist/adapters/data-directory.js');

let base: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'causeway-directory.'));
  path = join(base, 'nested', 'r1');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(base, { recursive: true, force: true });
});

describe('a data directory', () => {
  it('is created with its parents, for its owner only', async () => {
    const directory = await openDataDirectory(relative(process.cwd(), path));
    expect(directory.path).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await directory.close();
    await directory.close();
  });

  it('is opened once at a time in a process, and again after it was closed', async () => {
    const first = await openDataDirectory(path);
    await expect(openDataDirectory(path)).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: `The data directory ${path} is open in this process already (pid ${process.pid}).`,
    });
    await first.close();
    await (await openDataDirectory(path)).close();
    expect(await readdir(join(path, 'replica.lock'))).toEqual([]);
  });

  it('goes to exactly one of many that want it at the same moment', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => openDataDirectory(path)));
    const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(11);
    expect(await readdir(join(path, 'replica.lock'))).toHaveLength(1);
    await winners[0]?.value.close();
  });

  it('names the living process that has it, and is free when that was killed', async () => {
    const { child, said } = startHolder(path);
    expect(await said).toBe('open\n');
    await expect(openDataDirectory(path)).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: `The data directory ${path} is in use by another process (pid ${child.pid}).`,
    });
    // A stopped process still has it.
    child.kill('SIGSTOP');
    await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'data-dir-in-use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(join(path, 'replica.lock'))).toHaveLength(1);
    const directory = await openDataDirectory(path);
    expect(await readdir(join(path, 'replica.lock'))).toHaveLength(1);
    await directory.close();
  });

  it('goes to exactly one of several processes that find it left by a dead one', async () => {
    const dead = startHolder(path);
    await dead.said;
    dead.child.kill('SIGKILL');
    await once(dead.child, 'exit');
    const said = await Promise.all([1, 2, 3, 4].map(() => startHolder(path).said));
    expect(said.sort()).toEqual(['data-dir-in-use\n', 'data-dir-in-use\n', 'data-dir-in-use\n', 'open\n']);
  });

  it('is not kept by a name that another process has by now, nor by anything else in the lock', async () => {
    const lock = join(path, 'replica.lock');
    await mkdir(lock, { recursive: true });
    const [pid = '', ticks = '', boot = ''] = processIdentity(process.ppid).split('-');
    const others = [
      `${pid}-${Number(ticks) + 1}-${boot}`,
      `${pid}-${ticks}-00000000`,
      '999999999-1-',
      'note',
      '0-0-',
      '',
    ];
    for (const [i, other] of others.entries()) await writeFile(join(lock, `00000000${i}.${other}.ab`), '');
    await (await openDataDirectory(path)).close();
    await writeFile(join(lock, `000000000.${processIdentity(process.ppid)}.ab`), '');
    await expect(openDataDirectory(path)).rejects.toMatchObject({ message: expect.stringContaining(`pid ${pid}`) });
  });

  it('is refused as a wrong setting where it cannot be', async () => {
    const file = join(base, 'file');
    await writeFile(file, '');
    const cases = [
      [file, /is not a directory\.$/],
      [join(file, 'below'), /cannot be created: ENOTDIR/],
      ['/proc/causeway-cannot-be-here', /cannot be created: E/],
      ['/proc', /cannot be written to: E/],
      [join(base, 'x'.repeat(300)), /cannot be created: ENAMETOOLONG/],
    ] as const;
    for (const [wrong, message] of cases) {
      await expect(openDataDirectory(wrong)).rejects.toMatchObject({
        code: 'invalid-config',
        message: expect.stringMatching(message),
      });
    }
  });
});

/** A process that opens the directory, says `open` or the code of its error, and stays. */
function startHolder(directory: string): { readonly child: ChildProcess; readonly said: Promise<string> } {
  const program = `
    const { openDataDirectory } = await import(${JSON.stringify(pathToFileURL(COMPILED).href)});
    await openDataDirectory(${JSON.stringify(directory)}).then(
      () => process.stdout.write('open\\n'),
      (error) => process.stdout.write(error.code + '\\n'),
    );
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return { child, said: once(child.stdout, 'data').then(([chunk]) => String(chunk)) };
}
