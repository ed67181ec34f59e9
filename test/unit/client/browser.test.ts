/** The client runs in browsers: its whole program uses the web platform only, and nothing of Node. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { typeErrors } from './browser-compiler.js';

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
  expect(await typeErrors(join(client, 'index.ts'))).toBe('');
});
