/** The rows in memory before the store, against maps that are copied and sorted whenever somebody looks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBytes } from '../../../src/adapters/key-index.js';
import { RecentRows, type RowsReader } from '../../../src/adapters/recent-rows.js';
import type { StorageRange } from '../../../src/ports/storage.js';

/** Few bytes and short keys, so that keys meet and some are the beginning of others. */
const key = fc
  .array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 1, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const range: fc.Arbitrary<StorageRange> = fc.record({ gte: key, lt: key, reverse: fc.boolean() }, { requiredKeys: [] });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('list' as const), range }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), range }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze' as const) }) },
);

/** Values by the hexadecimal form of the key, whose order is that of the bytes. */
type Model = ReadonlyMap<string, number>;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function namesIn(model: Model, { gte, lt, reverse }: StorageRange): string[] {
  const inside = [...model.keys()]
    .filter((name) => (gte === undefined || name >= hex(gte)) && (lt === undefined || name < hex(lt)))
    .sort();
  return reverse === true ? inside.reverse() : inside;
}

const listed = (rows: RowsReader, asked: StorageRange) =>
  [...rows.range(asked)].map((entry) => [hex(entry.key), numberOf(entry.value)]);

function expectShown(rows: RowsReader, model: Model, asked: StorageRange, looked: Uint8Array): void {
  expect(listed(rows, asked)).toEqual(namesIn(model, asked).map((name) => [name, model.get(name)]));
  expect(numberOf(rows.get(looked, hashBytes(looked)))).toBe(model.get(hex(looked)));
  if (model.size > 0) expect(rows.isEmpty).toBe(false);
}

function numbered(number: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number).buffer);
}

function numberOf(value: Uint8Array | undefined): number | undefined {
  return value === undefined ? undefined : Buffer.from(value).readUInt32LE();
}

describe('recent rows', () => {
  it('show what a sorted map shows, and views of them what it showed then', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), key, (steps, looked) => {
        const rows = new RecentRows();
        let model = new Map<string, number>();
        const views: { readonly view: RowsReader; readonly model: Model }[] = [];
        for (const [number, each] of steps.entries()) {
          if (each.kind === 'put') {
            rows.put(each.key, numbered(number), hashBytes(each.key));
            model.set(hex(each.key), number);
          } else if (each.kind === 'clear') {
            rows.clear(each.range);
            for (const name of namesIn(model, each.range)) model.delete(name);
          } else if (each.kind === 'freeze') {
            views.push({ view: rows.freeze(), model });
            model = new Map(model);
          } else {
            expectShown(rows, model, each.range, looked);
            for (const { view, model: then } of views) expectShown(view, then, each.range, looked);
          }
        }
        expectShown(rows, model, {}, looked);
        for (const { view, model: then } of views) expectShown(view, then, {}, looked);
      }),
      { numRuns: 400 },
    );
  });

  it('keep thousands of keys in order, in whatever order they come', () => {
    const keyOf = (i: number) => Uint8Array.of(i >> 8, i & 255);
    const ascending = Array.from({ length: 3_000 }, (_, i) => i);
    // The last of all first, as in the log of Raft, whose head lies behind its entries.
    for (const order of [ascending, [2_999, ...ascending.slice(0, -1)], ascending.map((i) => (i * 1_777) % 3_000)]) {
      const rows = new RecentRows();
      for (const [at, i] of order.entries()) {
        rows.put(keyOf(i), numbered(i), hashBytes(keyOf(i)));
        if (at === 1_700) expect(listed(rows, {})).toHaveLength(1_701);
      }
      expect([...rows.range({})].map(({ value }) => numberOf(value))).toEqual(ascending);
      for (const i of order) expect(numberOf(rows.get(keyOf(i), hashBytes(keyOf(i))))).toBe(i);
    }
  });

  it('can be listed from a view while rows are put, replaced and cleared', () => {
    const rows = new RecentRows();
    const put = (i: number, value: number) => rows.put(Uint8Array.of(i), numbered(value), hashBytes(Uint8Array.of(i)));
    for (let i = 0; i < 200; i += 2) put(i, i);
    const seen: (number | undefined)[] = [];
    for (const { value } of rows.freeze().range({})) {
      seen.push(numberOf(value));
      put(seen.length * 2 - 1, 1_000);
      put(198, 1_000);
      if (seen.length === 50) rows.clear({ gte: Uint8Array.of(150) });
      // Makes the order anew.
      for (const _ of rows.range({ reverse: true })) break;
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i));
  });
});
