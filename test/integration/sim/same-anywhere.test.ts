/** The trace of a seed is the same byte for byte in a process of its own, wherever and however that runs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runScenario } from '../../../src/sim/run.js';
import { drawScenario } from '../../../src/sim/scenario.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const [SEED, TICKS] = [13, 100];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-same.'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function traceOf(flags: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const file = join(folder, 'trace.txt');
  const args = [...flags, MAIN, 'sim', '--seed', `${SEED}`, '--ticks', `${TICKS}`, '--trace', file];
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return readFileSync(file, 'utf8');
}

const here = runScenario(drawScenario(SEED, TICKS), { keepsText: true }).then(({ text }) => text);

it.each([
  ['a language that has another small i, a day ahead', [], { LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati' }],
  ['no language, and half an hour off', [], { LC_ALL: 'C', TZ: 'America/St_Johns' }],
  ['one thread for everything', ['--single-threaded'], {}],
  ['a small heap that is swept all the time', ['--max-old-space-size=96', '--max-semi-space-size=1'], {}],
  ['an interpreter without a compiler', ['--jitless'], {}],
])('with %s', async (_, flags, env) => {
  const [there, expected] = [await traceOf(flags, env), await here];
  expect(expected.length).toBeGreaterThan(10_000);
  expect(there === expected).toBe(true);
});
