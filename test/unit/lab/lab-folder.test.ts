/** The folder of a lab: a new cluster each time, or the same one again. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLabFolder } from '../../../src/lab/lab-folder.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder that is used again is the same cluster', () => {
  const first = openLabFolder(join(folder, 'lab'));
  const second = openLabFolder(join(folder, 'lab'));
  expect(second.cluster).toBe(first.cluster);
  expect(second).toMatchObject({ temporary: false, path: join(folder, 'lab') });
  expect(second.dataOf('r1')).toBe(join(folder, 'lab', 'r1'));
});

test('temporary folders are clusters of their own', () => {
  const labs = [openLabFolder(undefined), openLabFolder(undefined)];
  expect(new Set(labs.map(({ cluster }) => cluster)).size).toBe(2);
  expect(labs.every(({ temporary, path }) => temporary && existsSync(path))).toBe(true);
  for (const { path } of labs) rmSync(path, { recursive: true });
});

test.each(['', '{', '{"format":2,"cluster":"lab-1"}', '{"format":1,"cluster":"No Such"}', '{"format":1}', 'null'])(
  'a folder whose lab.json is %j is refused and left as it is',
  (text) => {
    const file = join(folder, 'lab.json');
    writeFileSync(file, text);
    expect(() => openLabFolder(folder)).toThrow(`${file} is damaged or of another version; use another folder`);
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);

test('a path that cannot be a folder is refused', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => openLabFolder(join(file, 'lab'))).toThrow('cannot be used');
  expect(() => openLabFolder(file)).toThrow('cannot be used');
  expect(() => openLabFolder('/proc/causeway-cannot-be-here')).toThrow('cannot be used');
});
