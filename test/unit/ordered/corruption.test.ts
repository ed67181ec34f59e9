/** Entries and snapshots that are not what a replica of this cluster writes. */
import { describe, expect, it } from 'vitest';
import { DecodeError, EMPTY_BYTES, utf8Encode } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { applyEntry } from '../../../src/keyspace/ordered/apply.js';
import { decodeEntry, type Entry, encodeEntry, proposalOf, stampEntry } from '../../../src/keyspace/ordered/entry.js';
import { decodePage, encodePage, readPage } from '../../../src/keyspace/ordered/snapshot.js';
import type { Version } from '../../../src/keyspace/version.js';
import { entryOf, OrderedLog, PlainTable, putOp } from '../../support/ordered-log.js';
import { A, B, vector } from '../../support/plane-values.js';

const put = { kind: 'write', op: putOp('k', 'v'), condition: undefined } as const;

function applied(parts: Partial<Entry>, index = 1) {
  const state = new OrderedLog();
  while (state.applied < index - 1) state.apply(undefined);
  return applyEntry(state.state, index, encodeEntry(entryOf(parts)), COORDINATION);
}

describe('an entry', () => {
  it('with one bit changed anywhere is corrupt, and says so as a value', () => {
    const bytes = encodeEntry(entryOf({ command: put, deps: vector([A, 1]) }));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      const result = applyEntry(new PlainTable(), 1, copy, COORDINATION);
      expect(result, `bit ${bit}`).toMatchObject({ kind: 'corrupt', index: 1 });
    }
  });

  it('cut off anywhere, or of no bytes, is corrupt', () => {
    const bytes = encodeEntry(entryOf({ command: put }));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(applyEntry(new PlainTable(), 1, bytes.slice(0, length), COORDINATION).kind).toBe('corrupt');
    }
  });

  it('that has seen its own index or a later one is corrupt', () => {
    const future = vector([LOG_ORIGIN, 3]);
    const version: Version = {
      kind: 'tombstone',
      dot: { origin: A, counter: 1 },
      hlc: { ms: 1, logical: 0 },
      deps: future,
      seen: 0,
      twins: [],
    };
    const reason = { kind: 'corrupt', reason: 'an entry that has seen entry 3' };
    expect(applied({ deps: future }, 3)).toMatchObject(reason);
    expect(applied({ base: 3 }, 3)).toMatchObject(reason);
    expect(applied({ adopted: [{ key: 'k', versions: [version] }] }, 3)).toMatchObject(reason);
    expect(applied({ command: { kind: 'forget', stable: future, keys: [] } }, 3)).toMatchObject(reason);
    expect(applied({ deps: future, base: 3 }, 4).kind).toBe('applied');
  });

  it('with a coordination command that is none is corrupt', () => {
    expect(applied({ command: { kind: 'coordinate', command: Uint8Array.of(99) } })).toMatchObject({ kind: 'corrupt' });
  });

  it('out of turn is a broken invariant', () => {
    const bytes = encodeEntry(entryOf({ command: put }));
    expect(() => applyEntry(new PlainTable(), 2, bytes, COORDINATION)).toThrow('entry out of turn');
  });

  it('is stamped by its leader without being read, and keeps everything else', () => {
    const entry = entryOf({ timeMs: 0, command: put });
    const bytes = stampEntry(encodeEntry(entry), 2 ** 48 - 1);
    expect(decodeEntry(bytes)).toEqual({ ...entry, timeMs: 2 ** 48 - 1 });
    expect(proposalOf(bytes)).toEqual(entry.proposal);
    for (const timeMs of [-1, 0.5, 2 ** 48, Number.NaN]) expect(() => stampEntry(bytes, timeMs)).toThrow('not a time');
  });

  it('is not returned by the encoder if the decoder would refuse it', () => {
    const version = { kind: 'tombstone', dot: { origin: A, counter: 2 }, hlc: { ms: 1, logical: 0 } } as const;
    const own: Version = { ...version, deps: vector([A, 2]), seen: 0, twins: [] };
    const fence = { lock: 'l', token: 1 };
    const refused: Partial<Entry>[] = [
      { adopted: [{ key: 'k', versions: [own] }] },
      { adopted: [{ key: 'k', versions: [] }] },
      { adopted: [{ key: '', versions: [{ ...own, deps: VersionVector.EMPTY }] }] },
      { fences: Array.from({ length: LIMITS.fencesMax + 1 }, () => fence) },
      { fences: [{ ...fence, lock: 'l'.repeat(256) }] },
      { retry: { key: '', fingerprint: 'f' } },
      { retry: { key: 'x'.repeat(129), fingerprint: 'f' } },
      { command: { ...put, op: putOp('k'.repeat(512), 'v') } },
      { command: { ...put, condition: { kind: 'etag', dots: [] } } },
      { command: { kind: 'forget', stable: VersionVector.EMPTY, keys: [''] } },
    ];
    for (const parts of refused)
      expect(() => encodeEntry(entryOf(parts)), JSON.stringify(parts)).toThrow(CausewayError);
    const large = { ...own, kind: 'value', contentType: '', deps: VersionVector.EMPTY } as const;
    const versions = Array.from({ length: 5 }, (_, i) => ({
      ...large,
      dot: { origin: B, counter: i + 1 },
      bytes: new Uint8Array(LIMITS.valueMaxBytes),
    }));
    expect(() => encodeEntry(entryOf({ adopted: [{ key: 'k', versions }] }))).toThrow('takes');
  });
});

describe('a page of a snapshot', () => {
  const log = new OrderedLog();
  log.put('a', '1', { retry: { key: 'r', fingerprint: 'f' } });
  log.put('b', '2');
  log.coordinate({ kind: 'next', sequence: 's' });
  const page = readPage(log.state, undefined);
  const first = encodePage(readPage(log.state, undefined, 1));

  it('is refused if one bit of it differs', () => {
    for (let bit = 0; bit < first.length * 8; bit += 1) {
      const copy = first.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodePage(copy, undefined, COORDINATION), `bit ${bit}`).toThrow(DecodeError);
    }
    expect(() => decodePage(EMPTY_BYTES, undefined, COORDINATION)).toThrow(DecodeError);
  });

  it('is refused out of order, before its predecessor, or without its end', () => {
    const { entries } = page;
    const decode = (changed: typeof entries, more: boolean, after?: Uint8Array) =>
      decodePage(encodePage({ entries: changed, more }), after, COORDINATION);
    expect(decode(entries, false).entries).toHaveLength(entries.length);
    expect(() => decode([...entries].reverse(), false)).toThrow('not sorted');
    expect(() => decode(entries, false, entries[0]?.key)).toThrow('not sorted');
    expect(() => decode(entries.slice(0, -1), false)).toThrow('without its end');
    expect(() => decode(entries, true)).toThrow('after the last');
    expect(() => decode([], false)).toThrow('without its end');
  });

  it.each([
    ['of an unknown area', Uint8Array.of(9, 1), EMPTY_BYTES],
    ['of the empty key', Uint8Array.of(1), page.entries[0]?.value ?? EMPTY_BYTES],
    ['that is no record', Uint8Array.of(1, 107), utf8Encode('nonsense')],
    ['that is no outcome', Uint8Array.of(2, 107), utf8Encode('nonsense')],
    ['that is no place in the queue', Uint8Array.of(3, 1), utf8Encode('r')],
    ['that is no sequence', Uint8Array.of(4, 1, 107), utf8Encode('nonsense')],
    ['that is no lock', Uint8Array.of(4, 3, 107), utf8Encode('nonsense')],
    ['that is no coordination object', Uint8Array.of(4, 99), EMPTY_BYTES],
    ['that is no progress', Uint8Array.of(255, 1), Uint8Array.of(2)],
  ])('with an entry %s is refused', (_, key, value) => {
    expect(() =>
      decodePage(encodePage({ entries: [{ key, value }], more: key[0] !== 255 }), undefined, COORDINATION),
    ).toThrow(DecodeError);
  });
});
