/** Interned or not, bytes spell what they spell. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, utf8Decode, utf8Encode } from '../../../src/base/bytes.js';
import { Interning } from '../../../src/base/interning.js';

const isLowerCase = (text: string): string | undefined => (text === text.toLowerCase() ? text : undefined);

describe('interning', () => {
  it('is decoding and parsing, whatever was read before and wherever the bytes lie', () => {
    const texts = new Interning<string>(isLowerCase);
    const word = fc.oneof(fc.constantFrom('', 'a', 'b', 'é', 'A', 'r1~0000beef'), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(word, word, word, (before, text, after) => {
        const bytes = utf8Encode(before + text + after);
        const start = utf8Encode(before).length;
        const end = start + utf8Encode(text).length;
        expect(texts.of(bytes, start, end)).toBe(isLowerCase(utf8Decode(bytes.subarray(start, end))));
      }),
      { numRuns: 300 },
    );
  });

  it('does not take bytes for a known text whose characters have their numbers', () => {
    const outcome = (read: () => string | undefined): string | undefined => {
      try {
        return read();
      } catch (error) {
        if (error instanceof DecodeError) return 'no text';
        throw error;
      }
    };
    const texts = new Interning<string>((text) => text);
    // So many that some share a slot with the text they might be taken for.
    for (let number = 0; number < 0x4000; number += 1) {
      const bytes = Uint8Array.of(0x80 + (number >>> 7), 0x80 + (number & 0x7f));
      const known = utf8Encode(String.fromCharCode(...bytes));
      texts.of(known, 0, known.length);
      expect(outcome(() => texts.of(bytes, 0, 2))).toBe(outcome(() => utf8Decode(bytes)));
    }
  });

  it('asks the parser once for what comes again', () => {
    let asked = 0;
    const texts = new Interning<string>((text) => {
      asked += 1;
      return text;
    });
    for (let time = 0; time < 3; time += 1) expect(texts.of(utf8Encode('text/plain'), 0, 10)).toBe('text/plain');
    expect(asked).toBe(1);
  });
});
