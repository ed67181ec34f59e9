/** The attack itself, on decoders that it must find wanting. */
import { expect, it } from 'vitest';
import { ByteReader, ByteWriter, DecodeError } from '../../src/base/bytes.js';
import { attack } from './attack.js';

const samples = [
  new ByteWriter()
    .varuint(3)
    .raw(Uint8Array.of(1, 2, 3))
    .finish(),
];

/** As the decoders are written: the count is held against what is left. */
function sound(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const values = Array.from({ length: reader.count() }, () => reader.u8());
  reader.end();
  return new ByteWriter().varuint(values.length).raw(Uint8Array.from(values)).finish();
}

it('a sound decoder passes, and sees inputs of both kinds', () => {
  const { refused, read } = attack({ samples, read: sound });
  expect(Math.min(refused, read)).toBeGreaterThan(50);
});

it('one that makes room for what is not there does not', () => {
  const read = (bytes: Uint8Array) => {
    const claimed = new Uint8Array(Math.min(new ByteReader(bytes).varuint(), 2 ** 24));
    return sound(bytes).subarray(0, Math.max(bytes.length, claimed[0] ?? 0));
  };
  expect(() => attack({ samples, read })).toThrow(/SEED=\d+, input [0-9a-f]+: .*bytes of memory/);
});

it('one that goes on for as long as it is told does not', () => {
  const read = (bytes: Uint8Array) => {
    let left = new ByteReader(bytes).varuint();
    while (left > 2 ** 30) left += 0;
    return sound(bytes);
  };
  expect(() => attack({ samples, read }, undefined, 200)).toThrow('timed out');
});

it('one that fails otherwise than by refusing does not', () => {
  const read = (bytes: Uint8Array) => {
    if (bytes.length > 2 ** 5) throw new RangeError('a length was believed');
    return sound(bytes);
  };
  expect(() => attack({ samples, read })).toThrow('a length was believed');
});

it('one that reads the same from different bytes does not', () => {
  const read = (bytes: Uint8Array) => {
    const [count = 0] = bytes;
    if (bytes.length <= count) throw new DecodeError('truncated');
    return bytes.subarray(0, count + 1);
  };
  expect(() => attack({ samples, read })).toThrow('encodes to something else');
});

it('one that refuses what it should take does not', () => {
  const read = () => undefined;
  expect(() => attack({ samples, read })).toThrow('a sound input was refused');
});
