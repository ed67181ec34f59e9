/** Changes over a table against the same changes made to a copy of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../../src/base/bytes.js';
import { prefixEnd, StateOverlay, type StateWrite } from '../../../src/base/state-table.js';
import { hex, PlainTable } from '../../support/ordered-log.js';

const keys = fc
  .array(fc.constantFrom(0, 1, 254, 255), { minLength: 1, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const writes: fc.Arbitrary<StateWrite[]> = fc.array(
  fc.record({ key: keys, value: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined }) }),
  { maxLength: 30 },
);

function entriesOf(table: { range: PlainTable['range'] | StateOverlay['range'] }, gte: Uint8Array, lt: Uint8Array) {
  return [...table.range(gte, lt)].map(({ key, value }) => `${hex(key)} ${hex(value)}`);
}

describe('an overlay', () => {
  it('reads as the table would with its changes, and leaves the table as it was', () => {
    fc.assert(
      fc.property(writes, writes, fc.boolean(), keys, keys, (below, above, absorbs, gte, lt) => {
        const table = new PlainTable();
        table.store(below);
        const before = table.dump();
        const copy = table.copy();
        copy.store(above);
        const overlay = new StateOverlay(table);
        if (absorbs) overlay.absorb(above);
        else {
          for (const { key, value } of above) {
            if (value === undefined) overlay.delete(key);
            else overlay.put(key, value);
          }
        }
        expect(entriesOf(overlay, gte, lt)).toEqual(entriesOf(copy, gte, lt));
        for (const { key } of [...below, ...above]) expect(overlay.get(key)).toEqual(copy.get(key));
        expect(table.dump()).toEqual(before);
        table.store(overlay.writes());
        expect(table.dump()).toEqual(copy.dump());
        const order = overlay.writes().map(({ key }) => key);
        expect(order).toEqual([...order].sort(compareBytes));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the end of a prefix', () => {
  it('is above every key that begins with it, and not above any other', () => {
    fc.assert(
      fc.property(keys, keys, (prefix, key) => {
        fc.pre(prefix.some((byte) => byte !== 255));
        const begins = prefix.every((byte, i) => key[i] === byte);
        const isInside = compareBytes(prefix, key) <= 0 && compareBytes(key, prefixEnd(prefix)) < 0;
        expect(isInside).toBe(begins);
      }),
      { numRuns: 500 },
    );
  });
});
