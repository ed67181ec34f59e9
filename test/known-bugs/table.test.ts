/** The table of known bugs in docs/TESTING.md against the tests: every bug has one, and everything named is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const KNOWN_BUGS = 35;
const TESTS = new URL('../', import.meta.url);

interface Row {
  readonly number: string;
  readonly bug: string;
  /** Files below `test/` with a block of that number. */
  readonly scripted: readonly string[];
  readonly others: readonly { readonly file: string; readonly name: string }[];
}

const rows = readFileSync(new URL('../docs/TESTING.md', TESTS), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d\d \|/.test(line))
  .map((line): Row => {
    const [number = '', bug = '', , scripted = '', others = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return {
      number,
      bug,
      scripted: [...scripted.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
      others: others.split('<br>').flatMap((other) => {
        const [, file, name] = /^`([^`]+)`: \*(.+)\*$/.exec(other) ?? [];
        if (other !== '' && name === undefined) throw new Error(`row ${number} names no file and test: ${other}`);
        return file === undefined || name === undefined ? [] : [{ file, name }];
      }),
    };
  });

const textOf = (file: string): string => readFileSync(new URL(file, TESTS), 'utf8');

/** The blocks of known bugs in the test files of a folder and all below it, as `06: what it is`, with their files. */
const blocks = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...textOf(file).matchAll(/describe\w*(?:\.\w+\([^)]*\))?\('known bug (\d\d: [^']+)'/g)].map(([, title = '']) => ({
      file,
      title,
    })),
  );

describe('the table of known bugs', () => {
  it('has every one of them, in order', () => {
    const numbers = Array.from({ length: KNOWN_BUGS }, (_, i) => String(i + 1).padStart(2, '0'));
    expect(rows.map(({ number }) => number)).toEqual(numbers);
  });

  it('names exactly the files that have a test under the number and the words of the row', () => {
    const stated = rows.flatMap(({ number, bug, scripted }) => scripted.map((file) => `${number}: ${bug} (${file})`));
    const found = new Set(blocks.map(({ file, title }) => `${title} (${file})`));
    expect([...stated].sort()).toEqual([...found].sort());
    for (const { number, scripted } of rows) expect(scripted, number).not.toEqual([]);
  });

  it('names further tests that exist', () => {
    const named = rows.flatMap(({ others }) => others);
    expect(named.length).toBeGreaterThan(20);
    for (const { file, name } of named) expect(textOf(file), file).toContain(name);
  });
});
