/** The deliberate bugs of `npm run mutants` fit the source and the tests as they are now. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../../scripts/mutants/catalog.mjs';
import { mutate } from '../../../scripts/mutants/mutate.mjs';
import { ROOT } from '../../tidy/source-tree.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('a mutant', () => {
  it('is one of many, under a name of its own', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
  });

  it.each(MUTANTS)('$name is a sentence, and has its place in the source', (mutant) => {
    expect(mutant.says).toMatch(/^[A-Z].+\.$/);
    expect(mutant.file).toMatch(/^src\/.+\.ts$/);
    expect(mutate(read(mutant.file), mutant)).not.toBe(read(mutant.file));
  });

  it.each(MUTANTS)('$name names a test that there is, of those that run in one process', ({ test }) => {
    expect(test.file).toMatch(/^test\/(?!integration\/).+\.test\.ts$/);
    expect(read(test.file).includes(test.name), test.name).toBe(true);
  });
});

describe('a place in the source', () => {
  const mutant = {
    name: 'x',
    says: 'It is wrong.',
    file: 'src/x.ts',
    search: 'a < b',
    replace: '$& <= b',
    test: { file: 'test/x.test.ts', name: 'x' },
  };

  it('is replaced by the very text', () => {
    expect(mutate('if (a < b) c();', mutant)).toBe('if ($& <= b) c();');
  });

  it.each([
    ['is gone', 'if (a > b) c();', mutant, 'occurs 0 times'],
    ['is there twice', 'a < b, a < b', mutant, 'occurs 2 times'],
    ['would stay the same', 'a < b', { ...mutant, replace: mutant.search }, 'changes nothing'],
  ])('that %s is an error', (_, text, one, message) => {
    expect(() => mutate(text, one)).toThrow(message);
  });
});
