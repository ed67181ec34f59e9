/**
 * The help pages, word for word, as a reader at an 80-column terminal sees them. Record them anew with
 * `UPDATE_GOLDEN=1 npx vitest run test/golden/cli` and read the difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { recordingTerminal } from '../../unit/cli/recording-terminal.js';

const PAGES = [
  [],
  ['put'],
  ['get'],
  ['del'],
  ['list'],
  ['cas'],
  ['txn'],
  ['claim'],
  ['seq'],
  ['seq', 'next'],
  ['seq', 'show'],
  ['constraint'],
  ['constraint', 'add'],
  ['constraint', 'drop'],
  ['constraint', 'show'],
  ['lock'],
  ['lock', 'acquire'],
  ['lock', 'renew'],
  ['lock', 'release'],
  ['lock', 'show'],
  ['lock', 'run'],
  ['elect'],
  ['elect', 'campaign'],
  ['elect', 'renew'],
  ['elect', 'resign'],
  ['elect', 'show'],
  ['elect', 'observe'],
  ['member'],
  ['member', 'list'],
  ['member', 'add'],
  ['member', 'promote'],
  ['member', 'remove'],
  ['member', 'transfer'],
  ['status'],
  ['partition'],
  ['link'],
  ['heal'],
  ['faults'],
  ['serve'],
  ['lab'],
  ['demo'],
  ['sim'],
  ['doctor'],
  ['compare'],
  ['check'],
  ['nats'],
  ['nats', 'install'],
  ['maelstrom'],
];
const GOLDEN = new URL('./help.txt', import.meta.url);

test('the help pages are as recorded', async () => {
  const pages: string[] = [];
  for (const command of PAGES) {
    const terminal = recordingTerminal();
    expect(await runCli([...command, '--help'], terminal)).toBe(0);
    pages.push(`$ ${['causeway', ...command, '--help'].join(' ')}\n${terminal.output()}`);
  }
  const recorded = pages.join('\n');
  const { UPDATE_GOLDEN: update } = process.env;
  if (update === '1') writeFileSync(GOLDEN, recorded);
  expect(recorded).toBe(readFileSync(GOLDEN, 'utf8'));
});

test('every command has a page here, so that none can be added without its help', async () => {
  const terminal = recordingTerminal();
  await runCli(['--help'], terminal);
  const listed = [...terminal.output().matchAll(/^ {2}([a-z]+) .*$/gm)].map((match) => match[1]);
  const commands = listed.slice(listed.indexOf('put'), listed.indexOf('help'));
  expect(commands.sort()).toEqual([...new Set(PAGES.flatMap(([name]) => name ?? []))].sort());
});

/** Commands that only group others. */
const GROUPS: readonly string[] = ['nats', 'seq', 'constraint', 'lock', 'elect', 'member'];

test('every page of a command ends with examples and exit codes', async () => {
  for (const command of PAGES.filter((page) => page.length > 0 && !GROUPS.includes(page.join()))) {
    const terminal = recordingTerminal();
    await runCli([...command, '--help'], terminal);
    expect(terminal.output()).toMatch(/\nExamples:\n {2}\$ causeway [\s\S]+\nExit codes: 0 ok, .*\n$/);
  }
});
