import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { LIMITS } from '../../../src/base/limits.js';
import {
  FRAGMENT_KIND,
  fragmentPayloads,
  needsFragments,
  Reassembly,
  type Whole,
} from '../../../src/replica/wire/fragments.js';

/** A fragment as it travels, made by hand so that small ones can be had. */
function fragment(id: number, index: number, count: number, kind: number, part: Uint8Array): Uint8Array {
  return new ByteWriter().u32(id).varuint(index).varuint(count).u8(kind).raw(part).finish();
}

function isSame(whole: Whole | undefined, kind: number, payload: Uint8Array): boolean {
  return whole !== undefined && whole.kind === kind && Buffer.from(whole.payload).equals(payload);
}

const parts = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 6 });

/** Messages of several senders, each cut into fragments, in one order with duplicates. */
const traffic = fc.array(parts, { minLength: 1, maxLength: 8 }).chain((messages) => {
  const all = messages.flatMap((message, sender) =>
    message.map((part, index) => ({ sender, bytes: fragment(sender, index, message.length, 7, part) })),
  );
  const extra = fc.array(fc.constantFrom(...all), { maxLength: 6 });
  return extra
    .chain((again) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }))
    .map((arrivals) => ({ messages, arrivals }));
});

describe('fragments', () => {
  it('of a large message fit the transport and make it whole again in any order', () => {
    const payload = new Uint8Array(LIMITS.messageMaxBytes * 3 + 17).map((_, i) => i * 31 + (i >> 8));
    expect(needsFragments(payload)).toBe(true);
    expect(needsFragments(payload.subarray(0, LIMITS.messageMaxBytes))).toBe(false);
    const fragments = fragmentPayloads(5, payload, 99);
    for (const bytes of fragments) expect(bytes.length).toBeLessThanOrEqual(LIMITS.messageMaxBytes);
    fc.assert(
      fc.property(fc.shuffledSubarray(fragments, { minLength: fragments.length }), (shuffled) => {
        const reassembly = new Reassembly();
        const wholes = shuffled.map((bytes) => reassembly.add('r1', bytes));
        expect(wholes.slice(0, -1).every((whole) => whole === undefined)).toBe(true);
        expect(isSame(wholes.at(-1), 5, payload)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('doubled and interleaved from many senders yield each message, and nothing that was not sent', () => {
    fc.assert(
      fc.property(traffic, ({ messages, arrivals }) => {
        const reassembly = new Reassembly();
        const seen = new Set<number>();
        for (const { sender, bytes } of arrivals) {
          const whole = reassembly.add(`r${sender}`, bytes);
          if (whole === undefined) continue;
          const sent = Buffer.concat(messages[sender] ?? []);
          expect(isSame(whole, 7, sent)).toBe(true);
          seen.add(sender);
        }
        expect(seen.size).toBe(messages.length);
      }),
      { numRuns: 500 },
    );
  });

  it('of two messages of one sender are told apart by their numbers', () => {
    const reassembly = new Reassembly();
    expect(reassembly.add('r1', fragment(1, 0, 2, 7, Uint8Array.of(1)))).toBeUndefined();
    expect(reassembly.add('r1', fragment(2, 1, 2, 7, Uint8Array.of(4)))).toBeUndefined();
    expect(isSame(reassembly.add('r1', fragment(1, 1, 2, 7, Uint8Array.of(2))), 7, Uint8Array.of(1, 2))).toBe(true);
    expect(isSame(reassembly.add('r1', fragment(2, 0, 2, 7, Uint8Array.of(3))), 7, Uint8Array.of(3, 4))).toBe(true);
  });

  it('of messages that never become whole are forgotten, those touched longest ago first', () => {
    const reassembly = new Reassembly();
    for (let id = 0; id < 9; id += 1) reassembly.add('r1', fragment(id, 0, 2, 7, Uint8Array.of(id)));
    expect(reassembly.add('r1', fragment(0, 1, 2, 7, Uint8Array.of(0)))).toBeUndefined();
    expect(reassembly.add('r1', fragment(8, 1, 2, 7, Uint8Array.of(0)))).toBeDefined();
  });

  it('that are nonsense are refused: no such part, too many parts, a fragment of a fragment, parts that disagree', () => {
    const reassembly = new Reassembly();
    const none = new Uint8Array(0);
    expect(() => reassembly.add('r1', none)).toThrow(DecodeError);
    expect(() => reassembly.add('r1', fragment(1, 0, 0, 7, none))).toThrow('bad fragment');
    expect(() => reassembly.add('r1', fragment(1, 2, 2, 7, none))).toThrow('bad fragment');
    expect(() => reassembly.add('r1', fragment(1, 0, 2 ** 40, 7, none))).toThrow('bad fragment');
    expect(() => reassembly.add('r1', fragment(1, 0, 2, FRAGMENT_KIND, none))).toThrow('bad fragment');
    reassembly.add('r1', fragment(1, 0, 2, 7, none));
    expect(() => reassembly.add('r1', fragment(1, 1, 3, 7, none))).toThrow('fragments disagree');
    expect(() => reassembly.add('r1', fragment(1, 1, 2, 8, none))).toThrow('fragments disagree');
  });

  it('made of random bytes are refused or wait for the rest', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 20 }), (arrivals) => {
        const reassembly = new Reassembly();
        for (const bytes of arrivals) {
          try {
            reassembly.add('r1', bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }),
    );
  });
});
