/** The client runs in browsers: its whole program uses the web platform only, and nothing of Node. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const client = join(root, 'src/client');

test('every import is of the client itself or of base', async () => {
  for (const file of await readdir(client)) {
    const text = await readFile(join(client, file), 'utf8');
    for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      expect(path, file).toMatch(/^(\.\/[a-z-]+|\.\.\/base\/[a-z0-9-]+)\.js$/);
    }
  }
});

test('it is well typed with the library of browsers and without the types of Node', { timeout: 60_000 }, async () => {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes'];
  const platform = ['--lib', 'es2023,dom,dom.iterable', '--types', '', '--target', 'es2023'];
  const modules = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
  const run = promisify(execFile);
  const args = [compiler, ...options, ...platform, ...modules, join(client, 'index.ts')];
  const { stdout } = await run(process.execPath, args, { cwd: root }).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});
