/** Decoding of keys against the platform's own decoder: it refuses what that refuses, and agrees on everything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKey } from '../../../src/api/keys.js';
import { percentDecode } from '../../../src/api/percent.js';
import { DecodeError } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';

/** The text, or undefined where there is none. */
function decoded(decode: (text: string) => string, text: string): string | undefined {
  try {
    return decode(text);
  } catch (error) {
    if (error instanceof URIError || error instanceof DecodeError) return undefined;
    throw error;
  }
}

const asciiPart = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'abcXYZ019%%%-._~/+?&=') },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('%C3%A9', '%e2%82%AC', '%F0%9F%92%A1', '%ED%A0%80', '%C0%AF', '%', '%2', '%zz'),
  },
);

describe('percent-decoding', () => {
  it('agrees with decodeURIComponent about every ASCII text', () => {
    fc.assert(
      fc.property(fc.array(asciiPart, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(decoded(percentDecode, text)).toBe(decoded(decodeURIComponent, text));
      }),
      { numRuns: 3000 },
    );
  });

  it('is undone by encodeURIComponent for every text that UTF-8 can carry', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(percentDecode(encodeURIComponent(text))).toBe(text);
      }),
    );
  });

  it('gives every text of 1 to 511 bytes back as a key, and refuses all others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const byteLength = Buffer.byteLength(text);
        if (byteLength >= 1 && byteLength <= 511) expect(decodeKey(encodeURIComponent(text))).toBe(text);
        else expect(() => decodeKey(encodeURIComponent(text))).toThrow(CausewayError);
      }),
    );
  });
});
