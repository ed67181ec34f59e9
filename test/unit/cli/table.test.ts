/** Tables: aligned, and safe to print whatever somebody stored. */
import { expect, test } from 'vitest';
import { printable, renderFacts, renderTable, shorten } from '../../../src/cli/table.js';

test('columns are as wide as their widest cell, and lines have no trailing blanks', () => {
  expect(
    renderTable(
      ['KEY', 'N'],
      [
        ['a', '1'],
        ['longer', ''],
      ],
    ),
  ).toBe('KEY     N\na       1\nlonger\n');
});

test('characters outside of the basic plane count once', () => {
  expect(renderTable(['K', 'V'], [['😀', 'x']])).toBe('K  V\n😀  x\n');
});

test('facts are names and values', () => {
  expect(
    renderFacts([
      ['key', 'k'],
      ['durability', 'local'],
    ]),
  ).toBe('key         k\ndurability  local\n');
});

test('control characters are spelled out, so no stored text can move the cursor or start a line', () => {
  expect(printable('a\nb\u001b[2Jc\u0007\u009b\u2028é')).toBe('a\\nb\\u001b[2Jc\\u0007\\u009b\\u2028é');
  expect(renderTable(['K'], [['a\nb']])).toBe('K\na\\nb\n');
});

test('a long text ends in an ellipsis', () => {
  expect(shorten('abcdef', 6)).toBe('abcdef');
  expect(shorten('abcdefg', 6)).toBe('abcde…');
});
