/** Our base64url against the one of Node, and stricter than it: one text for each value. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64UrlDecode, base64UrlEncode, base64UrlLength } from '../../../src/base/base64url.js';
import { DecodeError } from '../../../src/base/bytes.js';

const bytes = fc.uint8Array({ maxLength: 200 });

/** The bytes, or undefined if the text is refused. */
function decoded(text: string): Uint8Array | undefined {
  try {
    return base64UrlDecode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
}

describe('base64url', () => {
  it('encodes as Node does', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(base64UrlEncode(value)).toBe(Buffer.from(value).toString('base64url'));
        expect(base64UrlLength(value.length)).toBe(base64UrlEncode(value).length);
      }),
    );
  });

  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(base64UrlDecode(base64UrlEncode(value))).toEqual(value);
      }),
    );
  });

  it('accepts a text exactly if Node, which is lenient, would spell its bytes the same way', () => {
    const alphabet = fc.constantFrom(...'AQgw-_+/=aZ09 \n~Ł');
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 6 }), (text) => {
        const lenient = Buffer.from(text, 'base64url');
        const canonical = lenient.toString('base64url') === text;
        expect(decoded(text)).toEqual(canonical ? new Uint8Array(lenient) : undefined);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes every one of the 4096 texts of two characters for itself or refuses it', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let accepted = 0;
    for (const a of alphabet) {
      for (const b of alphabet) {
        const value = decoded(a + b);
        if (value === undefined) continue;
        accepted += 1;
        expect(base64UrlEncode(value)).toBe(a + b);
      }
    }
    expect(accepted).toBe(256);
  });

  it('refuses the characters beside its alphabet wherever they stand', () => {
    for (let at = 0; at < 8; at += 1) {
      for (const char of ['+', '/', '=', ' ', '\n', '\u0000', '\u00e9', '\u0141', '\u{1f600}']) {
        expect(decoded(`${'A'.repeat(at)}${char}${'A'.repeat(8 - at)}`)).toBeUndefined();
      }
    }
  });
});
