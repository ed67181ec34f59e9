/** Every key arrives as it was given: over the URL rules that `fetch` applies, and a server that decodes a wildcard. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../src/client/errors.js';
import { keyPath, keysQuery, queryOf } from '../../../src/client/keys.js';

/** What reaches a replica, decoded as its router does it. */
function received(path: string): string {
  const { pathname, search, hash } = new URL(`http://h/v1/kv/${path}`);
  expect([pathname.slice(0, 7), search, hash]).toEqual(['/v1/kv/', '', '']);
  return decodeURIComponent(pathname.slice(7));
}

const segment = fc.oneof(
  fc.constantFrom(
    '.',
    '..',
    '',
    '%2e',
    '%2E%2e',
    '%',
    '%2F',
    '?',
    '#',
    '\\',
    ' ',
    '+',
    'a;b',
    'é',
    '😀',
    '\u0000',
    ',',
    '&',
  ),
  fc.string({ unit: 'binary' }),
);
const key = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  .map((segments) => segments.join('/'))
  .filter((text) => text !== '' && text !== '.' && text !== '..');

test('a key arrives as it was given', () => {
  fc.assert(
    fc.property(key, (text) => {
      expect(received(keyPath(text))).toBe(text);
    }),
  );
});

test('slashes stay readable where they can', () => {
  expect(keyPath('users/ann b/1')).toBe('users/ann%20b/1');
  expect(keyPath('a/../b')).toBe('a%2F..%2Fb');
  expect(keyPath('a//b')).toBe('a%2F%2Fb');
});

test('what no path can name is refused', () => {
  for (const text of ['', '.', '..', '\ud800']) expect(() => keyPath(text)).toThrow(InvalidArgumentError);
});

test('keys of a query arrive as they were given, whether they contain commas or not', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (keys) => {
      const { searchParams } = new URL(`http://h/v1/kv${keysQuery(keys)}`);
      const joined = searchParams.get('keys');
      expect(joined === null ? searchParams.getAll('key') : joined.split(',')).toEqual(keys);
    }),
  );
});

test('parameters arrive as they were given, and those without a value not at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.option(fc.nat(), { nil: undefined }), (text, number) => {
      const { searchParams } = new URL(
        `http://h/${queryOf([
          ['text', text],
          ['number', number],
        ])}`,
      );
      expect(searchParams.get('text')).toBe(text);
      expect(searchParams.get('number')).toBe(number === undefined ? null : String(number));
    }),
  );
});
