/** The same log makes the same state, byte for byte, however it is cut into turns, snapshots and restarts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateOverlay } from '../../../src/base/state-table.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { type Applied, applyEntry, applyForeign } from '../../../src/keyspace/ordered/apply.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import { decodePage, encodePage, readPage, restoreWrites } from '../../../src/keyspace/ordered/snapshot.js';
import { applyNext, changesOf, PlainTable } from '../../support/ordered-log.js';
import { plain } from '../../support/plain.js';
import { entries, placed } from './arbitraries.js';

const logs = fc
  .array(fc.oneof({ weight: 15, arbitrary: entries }, { weight: 1, arbitrary: fc.constant(undefined) }), {
    minLength: 1,
    maxLength: 40,
    size: 'max',
  })
  .map((drawn) => drawn.map((entry, i) => entry && encodeEntry(placed(entry, i + 1))));

function applyAll(log: readonly (Uint8Array | undefined)[], state = new PlainTable()): Applied[] {
  return log.map((bytes) => applyNext(state, bytes));
}

/** Through pages as small as `maxEntries` makes them, as bytes. */
function moved(state: PlainTable, maxEntries: number): PlainTable {
  const copy = new PlainTable();
  let after: Uint8Array | undefined;
  for (let more = true; more; ) {
    const page = decodePage(encodePage(readPage(state, after, 100_000, maxEntries)), after, COORDINATION);
    copy.store(restoreWrites(page));
    after = page.entries[page.entries.length - 1]?.key;
    more = page.more;
  }
  return copy;
}

describe('two replicas with the same log', () => {
  it('have equal states and gave equal answers and groups', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const [one, two] = [new PlainTable(), new PlainTable()];
        expect(plain(applyAll(log, one))).toEqual(plain(applyAll(log, two)));
        expect(two.dump()).toEqual(one.dump());
      }),
      { numRuns: 100 },
    );
  });

  it('stay equal if one was restored from a snapshot of the other on the way', () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.integer({ min: 1, max: 9 }), (log, pick, maxEntries) => {
        const cut = 1 + (pick % log.length);
        const whole = new PlainTable();
        applyAll(log.slice(0, cut), whole);
        const restored = moved(whole, maxEntries);
        expect(restored.dump()).toEqual(whole.dump());
        expect(plain(applyAll(log.slice(cut), restored))).toEqual(plain(applyAll(log.slice(cut), whole)));
        expect(restored.dump()).toEqual(whole.dump());
      }),
      { numRuns: 100 },
    );
  });

  it('are equal whether entries are stored one by one or many in one transaction', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const one = new PlainTable();
        const answers = applyAll(log, one);
        const two = new PlainTable();
        const turn = new StateOverlay(two);
        const turned = log.map((bytes, i) => {
          const applied =
            bytes === undefined ? applyForeign(turn, i + 1) : applyEntry(turn, i + 1, bytes, COORDINATION);
          if (applied.kind === 'applied') turn.absorb(changesOf(applied));
          return applied;
        });
        two.store(turn.writes());
        expect(plain(turned)).toEqual(plain(answers));
        expect(two.dump()).toEqual(one.dump());
      }),
      { numRuns: 100 },
    );
  });

  it('and applying leaves the state it reads as it was', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const state = new PlainTable();
        applyAll(log.slice(0, -1), state);
        const before = state.dump();
        const last = log[log.length - 1];
        if (last !== undefined) applyEntry(state, log.length, last, COORDINATION);
        expect(state.dump()).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });
});
