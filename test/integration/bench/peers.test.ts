/** The peer comparison with Causeway and the floor alone, for a moment: every case runs, and everything it saw is written down. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { casesFor } from '../../../bench/peers/cases.js';
import type { PeerResults } from '../../../bench/peers/report.js';
import { bareNode } from '../../../bench/peers/systems/bare-node.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAIN = join(ROOT, 'dist-bench', 'bench', 'peers', 'main.js');
let folder: string;
let results: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-peers-test-'));
  results = join(folder, 'results');
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  spawnSync(process.execPath, [compiler, '-b', join(ROOT, 'bench')], { stdio: ['ignore', 'ignore', 'inherit'] });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

it('measures every case, and leaves nothing behind but the results', async () => {
  const moment = ['--rounds', '1', '--seconds', '0.15', '--warm-up', '0.02', '--clients', '1,3', '--keys', '20'];
  const { code, output } = await run('--only', 'causeway,bare', ...moment, '--dir', folder, '--out', results);
  expect(code, output).toBe(0);
  expect(output).toContain('round 1 of 1: Causeway');
  const [file = ''] = readdirSync(results).filter((name) => name.endsWith('.json'));
  const { measurements, failures }: PeerResults = JSON.parse(readFileSync(join(results, file), 'utf8'));
  expect(failures).toEqual([]);
  const key = (of: { operation: string; clients: number; placement: string }): string => {
    return `${of.operation} ${of.clients} ${of.placement}`;
  };
  const keysOf = (name: string) => measurements.filter(({ system }) => system === name).map(key);
  const cases = casesFor([1, 3]);
  expect(keysOf('Causeway')).toEqual(cases.map(key));
  const ofFloor = cases.filter(({ operation }) => bareNode.operations.includes(operation));
  expect(keysOf('bare Node.js')).toEqual(ofFloor.map(key));
  expect(existsSync(join(results, file.replace('.json', '.md')))).toBe(true);
  expect(readdirSync(folder)).toEqual(['results']);
});

it('explains itself when it is asked for what is not there', async () => {
  const { code, output } = await run('--only', 'oracle');
  expect(code).toBe(2);
  expect(output).toContain('no system oracle');
  expect(output).toContain('--rounds N');
});
