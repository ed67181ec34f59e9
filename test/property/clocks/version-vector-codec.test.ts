/** Stored and sent vectors: what is written is read back, and no second spelling of a vector is accepted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import { ByteReader, ByteWriter, DecodeError, utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN, makeOrigin, type Origin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { internOrigin } from '../../../src/clocks/origin-interning.js';
import { decodeDot, decodeOrigin, encodeDot, VersionVector } from '../../../src/clocks/version-vector.js';
import { counters, encoded, origins, vectors } from './arbitraries.js';

const R1 = makeOrigin(parseReplicaId('r1'), 1);
const R2 = makeOrigin(parseReplicaId('r2'), 2);

/** The vector encoding written by hand, right or wrong. */
function spelled(entries: readonly (readonly [string, number])[], size = entries.length): Uint8Array {
  const writer = new ByteWriter().varuint(size);
  for (const [origin, counter] of entries) writer.string(origin).varuint(counter);
  return writer.finish();
}

function decoded(bytes: Uint8Array): VersionVector {
  const reader = new ByteReader(bytes);
  const vector = VersionVector.decode(reader);
  reader.end();
  return vector;
}

describe('the vector encoding', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(vectors, (vector) => {
        expect(decoded(encoded(vector)).entries()).toEqual(vector.entries());
      }),
    );
  });

  it('yields one string object for each origin, whoever it is decoded from', () => {
    fc.assert(
      fc.property(origins, (origin) => {
        const bytes = new ByteWriter().string(origin).finish();
        expect(decodeOrigin(new ByteReader(bytes))).toBe(origin);
        expect(decodeOrigin(new ByteReader(bytes.slice()))).toBe(origin);
      }),
    );
  });

  it('does not take a part of an origin for the origin, however many were read before', () => {
    for (let nonce = 0; nonce < 4_000; nonce += 1) {
      const bytes = utf8Encode(makeOrigin(parseReplicaId('r1'), Math.imul(nonce, 0x9e3779b1)));
      expect(internOrigin(bytes, 0, bytes.length)).toBeDefined();
      for (let length = 3; length < bytes.length; length += 1) {
        if (internOrigin(bytes, 0, length) !== undefined) expect.fail(`${length} bytes of ${bytes}`);
      }
    }
  });

  it.each([
    [
      'unsorted origins',
      spelled([
        [R2, 1],
        [R1, 1],
      ]),
    ],
    [
      'a repeated origin',
      spelled([
        [R1, 1],
        [R1, 2],
      ]),
    ],
    ['a zero counter', spelled([[R1, 0]])],
    ['what is not an origin', spelled([['R1~00000001', 1]])],
    ['a member without incarnation', spelled([['r1', 1]])],
    ['an origin longer than any', spelled([[`${'a'.repeat(40)}~00000001`, 1]])],
    ['fewer entries than it announces', spelled([[R1, 1]], 2)],
    [
      'more entries than it announces',
      spelled(
        [
          [R1, 1],
          [R2, 1],
        ],
        1,
      ),
    ],
    ['a size that is out of all proportion', spelled([], 2 ** 40)],
    ['origins that are not UTF-8', Uint8Array.of(1, 2, 0xff, 0xfe, 1)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decoded(bytes)).toThrow(DecodeError);
  });

  it('holds as many entries as the limit allows and refuses one more, on both sides', () => {
    const entry = (_: unknown, n: number): [Origin, number] => [makeOrigin(parseReplicaId('r1'), n), 1];
    const most = VersionVector.of(Array.from({ length: LIMITS.vectorMaxEntries }, entry));
    expect(decoded(encoded(most)).equals(most)).toBe(true);
    const tooMany = most.with({ origin: LOG_ORIGIN, counter: 1 });
    expect(() => encoded(tooMany)).toThrow(InvariantError);
    expect(() => decoded(spelled(tooMany.entries()))).toThrow(DecodeError);
  });

  it('answers random bytes with a vector that encodes to them, or with DecodeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(encoded(decoded(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('answers a damaged vector with one that encodes to the damaged bytes, or with DecodeError', () => {
    fc.assert(
      fc.property(vectors, fc.nat(), fc.nat(255), (vector, at, byte) => {
        const bytes = encoded(vector);
        bytes[at % bytes.length] = byte;
        try {
          expect(encoded(decoded(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the dot encoding', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(origins, counters, (origin, counter) => {
        const writer = new ByteWriter();
        encodeDot(writer, { origin, counter });
        expect(decodeDot(new ByteReader(writer.finish()))).toEqual({ origin, counter });
      }),
    );
  });

  it('refuses counter 0', () => {
    const bytes = new ByteWriter().string(R1).varuint(0).finish();
    expect(() => decodeDot(new ByteReader(bytes))).toThrow(DecodeError);
  });
});

describe('a counter that cannot be', () => {
  it.each([-1, 1.5, Number.NaN, 2 ** 53])('is a broken invariant: %d', (counter) => {
    expect(() => VersionVector.of([[R1, counter]])).toThrow(InvariantError);
    expect(() => VersionVector.EMPTY.with({ origin: R1, counter })).toThrow(InvariantError);
    expect(() => VersionVector.of([[R1, 1]]).with({ origin: R1, counter })).toThrow(InvariantError);
  });
});
