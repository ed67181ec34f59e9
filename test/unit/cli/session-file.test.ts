/** The session file: what it keeps, who may read it, and what is refused instead of guessed. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSession, writeSession } from '../../../src/cli/session-file.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-session-'));
  file = join(folder, 'me.json');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a session that has not begun has no token', async () => {
  expect(await readSession(file)).toBeUndefined();
});

test('a token that was written is read again, and the newest replaces the others', async () => {
  await writeSession(file, 'c1.AAAA');
  await writeSession(file, 'c1.BBBB');
  expect(await readSession(file)).toBe('c1.BBBB');
  expect(readdirSync(folder)).toEqual(['me.json']);
});

test('only its owner may read it, even where it was open to all before', async () => {
  writeFileSync(file, '{}');
  chmodSync(file, 0o666);
  await writeSession(file, 'c1.AAAA');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['', 'an empty file'],
  ['{', 'broken JSON'],
  ['null', 'no object'],
  ['{"format":1}', 'no token'],
  ['{"format":2,"token":"c1.AAAA"}', 'a newer format'],
  ['{"format":1,"token":7}', 'a token that is no text'],
  ['{"format":1,"token":"c2.AAAA"}', 'a token of another kind'],
  ['{"format":1,"token":"c1.AA AA"}', 'a token with a space, which would break a header'],
  [`{"format":1,"token":"c1.${'A'.repeat(1024)}"}`, 'a token that is too long'],
])('%j is refused: %s', async (text) => {
  writeFileSync(file, text);
  await expect(readSession(file)).rejects.toThrow(`${file} is not a session file; delete it`);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a path that cannot be a file is refused with the reason', async () => {
  mkdirSync(join(folder, 'd'));
  await expect(readSession(join(folder, 'd'))).rejects.toThrow('EISDIR');
  await expect(writeSession(join(folder, 'none', 'me.json'), 'c1.AAAA')).rejects.toThrow('ENOENT');
});
