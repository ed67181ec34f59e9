/** Every key arrives as it was given: over the URL rules that `fetch` applies, and a server that decodes a wildcard. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../src/client/errors.js';
import { keysQuery, keyTarget, queryOf } from '../../../src/client/keys.js';

/** What reaches a replica, decoded as it decodes. */
function received(target: string): string | null {
  const { pathname, searchParams, hash } = new URL(`http://h${target}`);
  expect(hash).toBe('');
  if (pathname === '/v1/kv') return searchParams.get('key');
  expect([pathname.slice(0, 7), searchParams.size]).toEqual(['/v1/kv/', 0]);
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
  .filter((text) => text !== '');

test('a key arrives as it was given', () => {
  fc.assert(
    fc.property(key, (text) => {
      expect(received(keyTarget(text))).toBe(text);
    }),
  );
});

test('slashes stay readable where they can', () => {
  expect(keyTarget('users/ann b/1')).toBe('/v1/kv/users/ann%20b/1');
  expect(keyTarget('a/../b', 'entry')).toBe('/v1/kv/a%2F..%2Fb?format=entry');
  expect(keyTarget('a//b')).toBe('/v1/kv/a%2F%2Fb');
});

test('what no path can name goes as a parameter', () => {
  expect(keyTarget('..')).toBe('/v1/kv?key=..');
  expect(keyTarget('.', 'entry')).toBe('/v1/kv?key=.&format=entry');
});

test('what is no key is refused', () => {
  for (const text of ['', '\ud800']) expect(() => keyTarget(text)).toThrow(InvalidArgumentError);
});

test('keys of a query arrive as they were given, whether they contain commas or not', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (keys) => {
      const { searchParams } = new URL(`http://h/v1/kv${keysQuery(keys)}`);
      const joined = searchParams.get('keys');
      expect(joined === '' ? searchParams.getAll('key') : joined?.split(',')).toEqual(keys);
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
