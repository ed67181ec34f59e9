/** The page about the client: its examples are programs, and what it lists is what there is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import * as client from '../../../src/client/index.js';
import { typeErrors } from './browser-compiler.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = await readFile(join(root, 'docs/CLIENT.md'), 'utf8');

test('the examples, read as one program, are well typed', async () => {
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
  expect(blocks.length).toBeGreaterThan(4);
  const folder = await mkdtemp(join(tmpdir(), 'causeway-docs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = blocks.join('\n').replaceAll("'causeway/client'", `'${join(root, 'src/client/index.js')}'`);
  await writeFile(join(folder, 'examples.mts'), program);
  expect(await typeErrors(join(folder, 'examples.mts'))).toBe('');
});

test('every operation of a session and every error is on it', () => {
  const operations = Object.getOwnPropertyNames(Object.getPrototypeOf(client.Session.prototype));
  const errors = Object.keys(client).filter((name) => name.endsWith('Error'));
  expect(operations).toContain('get');
  expect(errors).toContain('CausewayApiError');
  for (const name of operations.filter((each) => each !== 'constructor')) expect(page).toContain(`\`${name}(`);
  const session = client.createClient({ urls: ['http://h'] });
  for (const group of ['sequences', 'claims', 'constraints', 'locks', 'elections'] as const) {
    const calls = Object.getOwnPropertyNames(Object.getPrototypeOf(session[group])).slice(1);
    expect(calls.length).toBeGreaterThan(1);
    for (const name of calls) expect(page).toContain(`\`${group}.${name}(`);
  }
  for (const name of errors) expect(page).toContain(`\`${name}\``);
});
