/** Bytes that are almost what they claim to be. */
import fc from 'fast-check';

/** One byte changed, an end cut off, something put behind or in between. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(Math.max(0, bytes.length - 1));
  const more = fc.uint8Array({ minLength: 1, maxLength: 12 });
  return fc.oneof(
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([index, mask]) => {
      const copy = bytes.slice();
      if (copy.length > 0) copy[index] = (copy[index] as number) ^ mask;
      return copy;
    }),
    at.map((length) => bytes.slice(0, length)),
    more.map((tail) => Uint8Array.of(...bytes, ...tail)),
    fc
      .tuple(at, more)
      .map(([index, inset]) => Uint8Array.of(...bytes.slice(0, index), ...inset, ...bytes.slice(index))),
  );
}
