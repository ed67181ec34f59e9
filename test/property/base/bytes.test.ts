/** The binary vocabulary: round trips, one spelling for each value, and a coded refusal for everything else. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import {
  ByteReader,
  ByteWriter,
  compareBytes,
  DecodeError,
  equalBytes,
  utf8Decode,
  utf8Encode,
} from '../../../src/base/bytes.js';

type Item =
  | { readonly kind: 'u8' | 'u32' | 'varuint'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'string'; readonly value: string };

const varuints = fc
  .oneof(
    fc.maxSafeNat(),
    fc.integer({ min: 0, max: 53 }).chain((bit) => fc.integer({ min: -1, max: 1 }).map((d) => 2 ** bit + d)),
  )
  .filter((value) => Number.isSafeInteger(value) && value >= 0);

const items: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('varuint' as const), value: varuints }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({
    kind: fc.constant('string' as const),
    value: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary-ascii', size: 'max', maxLength: 130 }),
      fc.string({ unit: 'binary', size: 'max', maxLength: 130 }),
    ),
  }),
);

const CAP = 1000;

function write(writer: ByteWriter, item: Item): void {
  if (item.kind === 'bytes') writer.bytes(item.value);
  else if (item.kind === 'string') writer.string(item.value);
  else writer[item.kind](item.value);
}

function read(reader: ByteReader, kind: Item['kind']): number | string | Uint8Array {
  if (kind === 'bytes') return reader.bytes(CAP);
  return kind === 'string' ? reader.string(CAP) : reader[kind]();
}

function written(list: readonly Item[], capacity?: number): Uint8Array {
  const writer = new ByteWriter(capacity);
  for (const item of list) write(writer, item);
  expect(writer.finish().length).toBe(writer.length);
  return writer.finish();
}

describe('what is written', () => {
  it('is read back in the same order, and nothing is left', () => {
    fc.assert(
      fc.property(fc.array(items), fc.nat(32), (list, capacity) => {
        const bytes = written(list, capacity);
        const reader = new ByteReader(bytes);
        for (const { kind, value } of list) expect(read(reader, kind)).toEqual(value);
        expect(reader.position).toBe(bytes.length);
        reader.end();
      }),
      { numRuns: 300 },
    );
  });

  it('is not touched by what this writer or any other writes afterwards', () => {
    const turns = fc.array(fc.record({ at: fc.nat(3), item: items, begins: fc.boolean(), ends: fc.boolean() }));
    fc.assert(
      fc.property(turns, fc.nat(3_000), (list, capacity) => {
        const begin = () => ({ writer: new ByteWriter(capacity), expected: [] as number[] });
        const writers = [begin(), begin(), begin(), begin()];
        const finished: { readonly bytes: Uint8Array; readonly expected: readonly number[] }[] = [];
        for (const { at, item, begins, ends } of list) {
          if (begins) writers[at] = begin();
          const { writer, expected } = writers[at] as (typeof writers)[number];
          write(writer, item);
          expected.push(...written([item], 5_000));
          if (ends) finished.push({ bytes: writer.finish(), expected: [...expected] });
        }
        for (const { bytes, expected } of finished) expect([...bytes]).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when cut short at any byte', () => {
    fc.assert(
      fc.property(items, (item) => {
        const bytes = written([item]);
        for (let length = 0; length < bytes.length; length += 1) {
          expect(() => read(new ByteReader(bytes.subarray(0, length)), item.kind)).toThrow(DecodeError);
        }
      }),
    );
  });

  it('is refused when bytes follow its end', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    reader.u8();
    expect(() => reader.end()).toThrow('1 bytes too many');
  });
});

describe('a varint', () => {
  it('takes as many bytes as it has groups of seven bits', () => {
    fc.assert(
      fc.property(varuints, (value) => {
        expect(new ByteWriter().varuint(value).length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      }),
    );
  });

  it('is refused in any longer spelling', () => {
    fc.assert(
      fc.property(varuints, fc.integer({ min: 1, max: 4 }), (value, zeros) => {
        const bytes = new ByteWriter().varuint(value).finish();
        const last = bytes.length - 1;
        bytes[last] = (bytes[last] as number) | 0x80;
        const padding = [...new Uint8Array(zeros - 1).fill(0x80), 0];
        expect(() => new ByteReader(Uint8Array.of(...bytes, ...padding)).varuint()).toThrow(DecodeError);
      }),
    );
  });

  it('is refused from 2^53 on', () => {
    const biggest = new ByteWriter().varuint(Number.MAX_SAFE_INTEGER).finish();
    expect(new ByteReader(biggest).varuint()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => new ByteReader(Uint8Array.of(...new Uint8Array(7).fill(0x80), 0x10)).varuint()).toThrow(DecodeError);
    expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).varuint()).toThrow(DecodeError);
  });

  it('of what is no such number is a broken invariant', () => {
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => new ByteWriter().varuint(value)).toThrow(InvariantError);
    }
  });
});

describe('lengths from outside', () => {
  it('are refused above what the reader allows, before anything is allocated', () => {
    const bytes = new ByteWriter().varuint(2 ** 50).finish();
    expect(() => new ByteReader(bytes).bytes(CAP)).toThrow(`over ${CAP}`);
    expect(() => new ByteReader(bytes).string(CAP)).toThrow(`over ${CAP}`);
    expect(() => new ByteReader(bytes).raw(2 ** 50)).toThrow('truncated');
  });

  it('are allowed up to the cap itself', () => {
    const bytes = new ByteWriter().bytes(new Uint8Array(7)).finish();
    expect(new ByteReader(bytes).bytes(7).length).toBe(7);
    expect(() => new ByteReader(bytes).bytes(6)).toThrow(DecodeError);
  });
});

describe('random bytes', () => {
  it('are read as values that are written the same way, or refused with DecodeError', () => {
    const kinds = fc.array(fc.constantFrom('u8', 'u32', 'varuint', 'bytes', 'string'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), kinds, (bytes, order) => {
        const reader = new ByteReader(bytes);
        try {
          const list = order.map((kind) => ({ kind, value: read(reader, kind) }) as Item);
          expect(written(list)).toEqual(bytes.subarray(0, reader.position));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('text', () => {
  it('is UTF-8 as Node writes it, and comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Encode(text)).toEqual(new Uint8Array(Buffer.from(text, 'utf8')));
        expect(utf8Decode(utf8Encode(text))).toBe(text);
      }),
    );
  });

  it('keeps a byte order mark', () => {
    expect(utf8Decode(utf8Encode('\ufeffa'))).toBe('\ufeffa');
  });

  it('that is not UTF-8 is refused, whether short or long', () => {
    for (const length of [2, 100]) {
      const bytes = new ByteWriter().bytes(new Uint8Array(length).fill(0xff)).finish();
      expect(() => new ByteReader(bytes).string(CAP)).toThrow(DecodeError);
    }
  });
});

describe('byte order', () => {
  it('is the one of Node’s buffers', () => {
    const short = fc.uint8Array({ maxLength: 4, max: 2 });
    fc.assert(
      fc.property(fc.oneof(short, fc.uint8Array()), short, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });
});
