/** What goes into the log and into the state comes out of it, and nothing else does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { crc32 } from '../../../src/base/checksum.js';
import { ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import { decodeRefusal, encodeRefusal, type Refusal } from '../../../src/base/refusal.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { applyEntry } from '../../../src/keyspace/ordered/apply.js';
import { decodeEntry, type Entry, encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import type { OpResult, Outcome } from '../../../src/keyspace/ordered/outcome.js';
import { NO_PROGRESS, progressWrite } from '../../../src/keyspace/ordered/progress.js';
import { decodeStoredOutcome, encodeStoredOutcome, type StoredOutcome } from '../../../src/keyspace/ordered/retries.js';
import { damaged } from '../../support/damage.js';
import { PlainTable } from '../../support/ordered-log.js';
import { plain } from '../../support/plain.js';
import { fewVectors } from '../clocks/arbitraries.js';
import { dots, versions } from '../replica-wire/arbitraries.js';
import { describeCodec, describePart } from '../replica-wire/codec-laws.js';
import { entries, placed } from './arbitraries.js';

const texts = fc.string({ unit: 'binary', maxLength: 12 });
const codes = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));

const refusals: fc.Arbitrary<Refusal> = fc.record({
  kind: fc.constant('refused' as const),
  code: codes,
  detail: texts,
  facts: fc.record(
    { etag: fc.option(texts), owner: texts, keys: fc.array(texts, { maxLength: 3 }) },
    { requiredKeys: [] },
  ),
});
const results: fc.Arbitrary<OpResult> = fc.oneof(
  fc.record({ kind: fc.constant('written' as const), key: texts, existed: fc.boolean() }),
  fc.record({ kind: fc.constant('absent' as const), key: texts }),
  fc.tuple(texts, versions, fc.nat()).map(([key, version, conflicts]): OpResult => {
    return version.kind === 'value' ? { kind: 'found', key, version, conflicts } : { kind: 'absent', key };
  }),
);
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom({ kind: 'done' as const }, { kind: 'stale' as const }),
  fc.record({ kind: fc.constant('written' as const), dot: dots, existed: fc.boolean() }),
  fc.record({
    kind: fc.constant('txn' as const),
    dot: dots,
    succeeded: fc.boolean(),
    results: fc.array(results, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('coordinated' as const), answer: fc.uint8Array({ maxLength: 20 }) }),
  refusals,
);
const stored: fc.Arbitrary<StoredOutcome> = fc.record({
  fingerprint: fc.string({ maxLength: 16 }),
  index: fc.maxSafeNat(),
  timeMs: fc.maxSafeNat(),
  outcome: outcomes,
  past: fewVectors,
});
const someEntries: fc.Arbitrary<Entry> = fc
  .tuple(entries, fc.maxSafeNat(), fc.nat(2 ** 31))
  .map(([entry, number, timeMs]) => ({
    ...placed(entry, 50),
    timeMs: timeMs * 1_000,
    proposal: { origin: 'r1~00000001' as Entry['proposal']['origin'], number },
  }));

/** As if the damage had been done before the entry was sealed. */
function resealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length < 15) return copy;
  const view = new DataView(copy.buffer);
  view.setUint32(7, crc32(copy.subarray(15)));
  view.setUint32(11, crc32(copy.subarray(0, 11)));
  return copy;
}

describe('an entry', () => {
  describeCodec<Entry>({ values: someEntries, encode: encodeEntry, decode: decodeEntry });

  it('whose checksums hold over nonsense is refused, or is what it says', () => {
    const damage = someEntries.chain((entry) => damaged(encodeEntry(entry))).map(resealed);
    let read = 0;
    const state = new PlainTable();
    state.store([progressWrite({ ...NO_PROGRESS, applied: 99 })]);
    fc.assert(
      fc.property(damage, (bytes) => {
        const result = applyEntry(state, 100, bytes, COORDINATION);
        // Nobody writes version 1 any more.
        if (result.kind === 'corrupt' || bytes[0] === 1) return;
        read += 1;
        expect(plain(encodeEntry(decodeEntry(bytes)))).toEqual(plain(bytes));
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(2_900);
  });
});

describe('a refusal', () => {
  describePart<Refusal>(refusals, encodeRefusal, decodeRefusal);

  it('of an unknown code is none', () => {
    const bytes = new ByteWriter().string('toString').string('').u8(0).finish();
    expect(() => decodeRefusal(new ByteReader(bytes))).toThrow(DecodeError);
  });
});

describe('a stored outcome', () => {
  describeCodec<StoredOutcome>({ values: stored, encode: encodeStoredOutcome, decode: decodeStoredOutcome });
});
