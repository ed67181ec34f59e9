/** The demos as a newcomer runs them, without a nats-server: the comparison with its guide, and the stories. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, temporaryFolder } from './command.js';

const PACKAGE = new URL('../../../package.json', import.meta.url);

test('npm run demo explains what it compares', async () => {
  const { scripts } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly scripts: Record<string, string> };
  const [before, command = ''] = scripts['demo']?.split(' && node dist/cli/main.js ') ?? [];
  expect(before).toBe('node scripts/setup.mjs');
  const folder = temporaryFolder();
  // The phases are shorter and the replicas nearer than in the demo; what is told is the same.
  const short = ['--phase', '1500ms', '--rate', '10', '--wan', 'europe', '--timeout', '1s', '--out', folder.path];
  const { exit, output, errors } = await run([...command.split(' '), ...short], {
    env: { NATS_SERVER_BIN: 'none', NATS_URL: '' },
  });
  const hasReport = existsSync(join(folder.path, 'report.html'));
  folder.remove();
  expect(exit, errors).toBe(0);
  expect(hasReport).toBe(true);
  for (const phase of ['1. healthy', '2. slow link', '3. partition', '4. healed']) expect(output).toContain(phase);
  expect(output.match(/^Look for:$/gm)).toHaveLength(4);
  expect(output.match(/^Seen:$/gm)).toHaveLength(4);
  expect(output).toMatch(/^- linearizable: minority: all \d+ refused; majority: /m);
  expect(output).toContain('What it comes to');
  expect(errors).toContain('the broker built into Causeway stands in for a nats-server');
});

test('all that the demo shows is as expected', async () => {
  const { exit, output, errors } = await run(['demo'], { env: { NATS_SERVER_BIN: 'none', NATS_URL: '' } });
  expect(output).toContain('the broker built into Causeway stands in for a nats-server');
  expect(output).not.toContain('✗');
  expect(output).toMatch(/all \d+ observations are as expected/);
  expect(errors).toBe('');
  expect(exit).toBe(0);
});
