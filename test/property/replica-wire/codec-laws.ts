/** The laws every codec keeps; a codec's test is its two functions and an arbitrary. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ByteReader, ByteWriter, DecodeError, decodeWhole } from '../../../src/base/bytes.js';
import { damaged } from '../../support/damage.js';
import { plain } from '../../support/plain.js';

export interface Codec<T> {
  readonly values: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  /** Of the same kind as `like`, where the kind is not in the bytes. */
  readonly decode: (bytes: Uint8Array, like: T) => T;
}

export function describeCodec<T>({ values, encode, decode }: Codec<T>): void {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(plain(decode(encode(value), value))).toEqual(plain(value));
      }),
    );
  });

  it('refuses damaged bytes, or reads from them what encodes to exactly these bytes', () => {
    const damage = values.chain((value) => damaged(encode(value)).map((bytes) => ({ value, bytes })));
    fc.assert(
      fc.property(damage, ({ value, bytes }) => {
        const read = decodeOrRefuse(() => decode(bytes, value));
        if (read !== undefined) expect(Buffer.from(encode(read)).equals(bytes)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('answers any bytes at all with a value or a refusal', () => {
    fc.assert(
      fc.property(values, fc.uint8Array({ maxLength: 300 }), (like, bytes) => {
        decodeOrRefuse(() => decode(bytes, like));
      }),
      { numRuns: 500 },
    );
  });
}

/** The same for what is only ever written and read as a part of something. */
export function describePart<T>(
  values: fc.Arbitrary<T>,
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader) => T,
): void {
  describeCodec<T>({
    values,
    encode: (value) => {
      const writer = new ByteWriter();
      write(writer, value);
      return writer.finish();
    },
    decode: (bytes) => decodeWhole(bytes, read),
  });
}

/** @throws whatever is thrown that is no `DecodeError` */
function decodeOrRefuse<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
