/** The layers of the ordered state, against a plain map to which every change is made at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyText, type StateReader } from '../../../src/base/state-table.js';
import { StateLayers } from '../../../src/replica/order/state-layers.js';

const KEYS = 4;
const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), key: fc.nat(KEYS - 1), value: fc.option(fc.nat(255)) }),
  fc.record({ kind: fc.constant('read' as const), key: fc.nat(KEYS - 1) }),
  fc.record({ kind: fc.constantFrom('send' as const, 'land' as const, 'land' as const, 'jump' as const) }),
);

/** Storage that changes when a transaction lands. */
class Disk implements StateReader {
  readonly rows = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.rows.get(keyText(key));
  }

  range(): [] {
    return [];
  }
}

/** Rows as texts are compared at once; two thousand bytes one by one take long. */
function textOf(row: Uint8Array | undefined): string | undefined {
  return row === undefined ? undefined : keyText(row);
}

describe('the layers of the ordered state', () => {
  it('show every change at once, whatever gathers, is under way, or has landed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 60 }), (steps) => {
        let disk = new Disk();
        const layers = new StateLayers(disk);
        let expected = new Map<string, Uint8Array>();
        let underWay: ReturnType<StateLayers['send']> | undefined;
        for (const one of steps) {
          if (one.kind === 'write') {
            const key = Uint8Array.of(one.key);
            // Some are too long to be remembered.
            const length = (one.value ?? 0) % 3 === 0 ? 2_000 : 1;
            const value = one.value === null ? undefined : new Uint8Array(length).fill(one.value);
            layers.absorb([{ key, value }]);
            if (value === undefined) expected.delete(keyText(key));
            else expected.set(keyText(key), value);
          } else if (one.kind === 'read') {
            const key = Uint8Array.of(one.key);
            expect(textOf(layers.get(key))).toBe(textOf(expected.get(keyText(key))));
          } else if (one.kind === 'send') underWay ??= layers.send();
          else if (one.kind === 'land' && underWay !== undefined) {
            for (const { key, value } of underWay) {
              if (value === undefined) disk.rows.delete(keyText(key));
              else disk.rows.set(keyText(key), value);
            }
            layers.stored();
            underWay = undefined;
          } else if (one.kind === 'jump') {
            disk = new Disk();
            disk.rows.set(keyText(Uint8Array.of(0)), Uint8Array.of(7));
            expected = new Map(disk.rows);
            layers.jump(disk);
            underWay = undefined;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
