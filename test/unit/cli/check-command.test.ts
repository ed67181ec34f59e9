/** The command that judges a history: its verdicts, its exit codes, and the page it writes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { historyLine } from '../../../src/check/history/line.js';
import type { HistoryRecord } from '../../../src/check/history/record.js';
import { runCli } from '../../../src/cli/program.js';
import { recordingTerminal } from './recording-terminal.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-check-'));
});

afterEach(() => rm(folder, { recursive: true }));

const CORPUS = fileURLToPath(new URL('../../corpus/', import.meta.url));

async function story(name: string): Promise<string> {
  const file = join(folder, `${name}.jsonl`);
  await writeFile(file, await readFile(join(CORPUS, `${name}.jsonl`)));
  return file;
}

async function run(...args: readonly string[]) {
  const terminal = recordingTerminal();
  return { exit: await runCli(['check', ...args], terminal), terminal };
}

describe('causeway check', () => {
  it('says ok of every model and writes no page', async () => {
    const { exit, terminal } = await run(await story('converged'));
    expect(terminal.output()).toContain('converged.jsonl: 5 operations\nMODEL         VERDICT  OPERATIONS  DETAIL\n');
    expect(terminal.output()).toMatch(/^convergence +ok +3$/m);
    expect(terminal.output()).toMatch(/^lock +ok +0 +nothing to judge$/m);
    expect(exit).toBe(0);
    expect(await readdir(folder)).toEqual(['converged.jsonl']);
  });

  it('tells a violation in words, by the lines of the file, and writes the page beside it', async () => {
    const file = await story('queue-that-overtakes-the-store');
    const { exit, terminal } = await run(file);
    expect(exit).toBe(1);
    expect(terminal.output()).toContain('a read of s2 showed "old" for "photo"');
    expect(terminal.output()).toContain('session: monotonic-writes');
    expect(terminal.output()).toContain('lines 1, 2, 3, 4, 5');
    expect(terminal.errors()).toContain(`the timeline is in ${file}.html`);
    expect(await readFile(`${file}.html`, 'utf8')).toContain('id="violation-1"');
  });

  it('asks one model only, as a document', async () => {
    const { exit, terminal } = await run(
      await story('queue-that-overtakes-the-store'),
      '--model',
      'session',
      '-o',
      'json',
    );
    expect(exit).toBe(1);
    const { verdicts, operations, html } = JSON.parse(terminal.output());
    expect(operations).toBe(5);
    expect(verdicts).toMatchObject([
      {
        model: 'session',
        verdict: 'violated',
        judged: 5,
        found: 1,
        violations: [{ rule: 'monotonic-writes', lines: [1, 2, 3, 4, 5] }],
      },
    ]);
    expect(html).toMatch(/overtakes-the-store\.jsonl\.html$/);
  });

  it('is satisfied by a model that the history does not break', async () => {
    const { exit } = await run(await story('queue-that-overtakes-the-store'), '--model', 'linearizable');
    expect(exit).toBe(0);
  });

  it('says unknown, with exit code 2, of what it cannot decide', async () => {
    const { exit, terminal } = await run(await story('cycle-of-causes'), '--model', 'session', '--no-html');
    expect(terminal.output()).toMatch(/^session +unknown +4 +there is a cycle in the causal order/m);
    expect(exit).toBe(2);
  });

  it('writes the page where it is told to, violated or not', async () => {
    const target = join(folder, 'page.html');
    await run(await story('converged'), '--html', target);
    expect(await readFile(target, 'utf8')).toContain('no violation');
    const { exit, terminal } = await run(await story('write-skew'), '--html', join(folder, 'none', 'page.html'));
    expect(exit).toBe(2);
    expect(terminal.errors()).toContain('page.html cannot be written');
  });

  it('writes none with --no-html', async () => {
    expect((await run(await story('write-skew'), '--no-html')).exit).toBe(1);
    expect(await readdir(folder)).toEqual(['write-skew.jsonl']);
  });

  it.each([
    ['a file that is not there', undefined, 'cannot be read'],
    ['what is not a history', '{"op":"read"}\n', 'bad.jsonl:1: '],
    ['what is not text', Buffer.from([0x7b, 0xff, 0xfe]), 'is not text in UTF-8'],
  ])('refuses %s', async (_, content, why) => {
    const file = join(folder, 'bad.jsonl');
    if (content !== undefined) await writeFile(file, content);
    const { exit, terminal } = await run(file);
    expect(exit).toBe(2);
    expect(terminal.errors()).toContain(why);
  });

  it('says how stale reads were, level by level', async () => {
    const at = (ms: number): number => ms * 1_000_000;
    const common = { process: 1, level: 'causal', status: 'ok', key: 'x' } as const;
    const records: HistoryRecord[] = [
      { ...common, op: 'write', value: 1, invoke: at(0), complete: at(1) },
      { ...common, op: 'write', value: 2, invoke: at(10), complete: at(12) },
      { ...common, op: 'write', value: 3, invoke: at(20), complete: at(22) },
      { ...common, op: 'read', level: 'eventual', output: 1, invoke: at(40), complete: at(41) },
      { ...common, op: 'read', level: 'eventual', output: 3, invoke: at(40), complete: at(41) },
    ];
    const file = join(folder, 'stale.jsonl');
    await writeFile(file, records.map((record) => `${historyLine(record)}\n`).join(''));
    const { terminal } = await run(file, '-o', 'json', '--no-html');
    expect(JSON.parse(terminal.output()).staleness).toEqual([
      { level: 'eventual', reads: 2, stale: 1, medianMs: 28, p99Ms: 28, maxMs: 28, maxVersions: 2 },
    ]);
  });
});
