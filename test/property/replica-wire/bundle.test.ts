import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/base/bytes.js';
import { LIMITS } from '../../../src/base/limits.js';
import { bundle, bundledBytes, type Part, partsOf } from '../../../src/replica/wire/bundle.js';
import { plain } from '../../support/plain.js';
import { payloads } from './arbitraries.js';

const { kind: BUNDLE_KIND } = bundle([]);
const kinds = fc.nat(255).filter((kind) => kind !== BUNDLE_KIND);
const parts: fc.Arbitrary<Part[]> = fc.array(fc.record({ kind: kinds, payload: payloads }), {
  minLength: 2,
  maxLength: 8,
});

describe('a bundle', () => {
  it('gives back its parts in their order, and is no larger than they said', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const whole = bundle(list);
        expect(plain(partsOf(whole))).toEqual(plain(list));
        expect(whole.payload.length).toBeLessThanOrEqual(list.reduce((sum, part) => sum + bundledBytes(part), 0));
      }),
    );
    const largest = { kind: 1, payload: new Uint8Array(LIMITS.messageMaxBytes - 8) };
    const whole = bundle([largest, { kind: 2, payload: new Uint8Array(0) }]);
    expect(whole.payload.length).toBeLessThanOrEqual(LIMITS.messageMaxBytes);
    expect(partsOf(whole)).toHaveLength(2);
  });

  it('is what it came as if it is none', () => {
    fc.assert(
      fc.property(kinds, payloads, (kind, payload) => {
        expect(partsOf({ kind, payload })).toEqual([{ kind, payload }]);
      }),
    );
  });

  it('of one, of none, in another, or cut short within a part is refused', () => {
    const [one, two] = [
      { kind: 1, payload: Uint8Array.of(1, 2, 3) },
      { kind: 2, payload: Uint8Array.of(4) },
    ];
    const refused = [bundle([]), bundle([one]), bundle([bundle([one, two]), two])];
    for (const message of refused) expect(() => partsOf(message)).toThrow(DecodeError);
    const { payload } = bundle([one, two]);
    for (let length = 0; length < payload.length; length += 1) {
      expect(() => partsOf({ kind: BUNDLE_KIND, payload: payload.subarray(0, length) })).toThrow(DecodeError);
    }
  });

  it('is never read as more than it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (payload) => {
        let read: readonly Part[] = [];
        try {
          read = partsOf({ kind: BUNDLE_KIND, payload });
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          return;
        }
        expect(Buffer.from(bundle(read).payload).equals(payload)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
