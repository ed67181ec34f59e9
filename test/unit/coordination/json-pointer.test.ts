/** JSON Pointer: the examples of RFC 6901, section 5, and what is none. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { lookUp, parseJsonPointer } from '../../../src/coordination/json-pointer.js';

const DOCUMENT: unknown = JSON.parse(
  '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8,"__proto__":{"x":9}}',
);

function at(text: string): unknown {
  const parsed = parseJsonPointer(text);
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  return lookUp(DOCUMENT, parsed.pointer);
}

describe('a JSON pointer', () => {
  it.each([
    ['', DOCUMENT],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
    ['/__proto__/x', 9],
  ])('%j finds its place', (text, found) => {
    expect(at(text)).toEqual(found);
  });

  it.each([
    '/nothing',
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/01',
    '/foo/1e0',
    '/foo/length',
    '/foo/0/0',
    '/toString',
    '/m~01n',
    '/foo/',
    '//',
    '/foo/99999999999',
  ])('%j finds nothing', (text) => {
    expect(at(text)).toBeUndefined();
  });

  it.each([
    ['foo', 'begin with "/"'],
    ['#/foo', 'begin with "/"'],
    [' /foo', 'begin with "/"'],
    ['/~', '"~"'],
    ['/a~2', '"~"'],
    ['/~~0', '"~"'],
    [`/${'x'.repeat(LIMITS.jsonPointerMaxBytes)}`, 'bytes'],
    [`/${'ü'.repeat(LIMITS.jsonPointerMaxBytes / 2)}x`, 'bytes'],
    ['/a'.repeat(LIMITS.jsonPointerMaxTokens + 1), 'parts'],
  ])('%j is refused', (text, reason) => {
    const parsed = parseJsonPointer(text);
    expect(parsed).toMatchObject({ kind: 'invalid', reason: expect.stringContaining(reason) });
  });

  it('undoes the escapes in one pass', () => {
    expect(parseJsonPointer('/~01')).toEqual({ kind: 'pointer', pointer: { tokens: ['~1'] } });
    expect(parseJsonPointer('/~1~0')).toEqual({ kind: 'pointer', pointer: { tokens: ['/~'] } });
  });
});
