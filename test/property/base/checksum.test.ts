/** The checksum is the CRC-32 everybody else computes. */
import { crc32 as crc32OfZlib } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { crc32 } from '../../../src/base/checksum.js';

describe('the checksum', () => {
  it('of the standard check text is the standard check value', () => {
    expect(crc32(utf8Encode('123456789'))).toBe(0xcbf43926);
  });

  it('is what zlib computes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => crc32(bytes) === crc32OfZlib(bytes)));
  });

  it('of a part of some bytes is that of the part alone', () => {
    const parts = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(40), fc.nat(40));
    fc.assert(
      fc.property(parts, ([bytes, a, b]) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        return crc32(bytes, 7, start, end) === crc32(bytes.slice(start, end), 7);
      }),
    );
  });

  it('of two parts continues from the first', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => crc32(b, crc32(a)) === crc32(Uint8Array.of(...a, ...b))),
    );
  });
});
