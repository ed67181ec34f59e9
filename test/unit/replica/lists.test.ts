import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { compareBytes, utf8Encode } from '../../../src/base/bytes.js';
import { makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { decodeBody, encodeBody, type GroupBody } from '../../../src/keyspace/group-body.js';
import type { KeyRecord } from '../../../src/keyspace/key-record.js';
import type { Version } from '../../../src/keyspace/version.js';
import { EventualIndex } from '../../../src/replica/causal/eventual-index.js';
import { KeyspaceTurn } from '../../../src/replica/causal/keyspace-turn.js';
import { mergedKeys, storedKeys } from '../../../src/replica/requests/list-source.js';
import { takePage } from '../../../src/replica/requests/reads.js';
import { sealGroup, type WriteGroup } from '../../../src/replication/write-group.js';

const A = makeOrigin(parseReplicaId('r1'), 1);
const B = makeOrigin(parseReplicaId('r2'), 2);

/** Among them keys whose order as UTF-16 is not their order as bytes: U+FFFF is below any pair of surrogates. */
const KEYS = [
  'a',
  'a!',
  'a/b',
  'a/c',
  'a\u007f',
  'a\u0080',
  'ab',
  'b',
  'a\uffff',
  'a\u{10000}',
  'a\u{10ffff}',
  'ÿ',
  '\u{10ffff}',
  'z',
];

function byBytes(keys: readonly string[]): string[] {
  return [...keys].sort((x, y) => compareBytes(utf8Encode(x), utf8Encode(y)));
}

function group(origin: typeof A, counter: number, keys: readonly string[]): WriteGroup {
  const body: GroupBody = {
    retry: undefined,
    ops: keys.map((key) => ({ kind: 'put', key, seen: 0, contentType: '', bytes: utf8Encode(key) })),
  };
  return sealGroup({ origin, counter }, { ms: counter, logical: 0 }, VersionVector.EMPTY, encodeBody(body));
}

async function stored(keys: readonly string[]) {
  const storage = openMemoryStorage();
  const turn = new KeyspaceTurn(storage);
  const written = group(A, 1, keys);
  if (keys.length > 0) turn.deliver(written, decodeBody(written.body));
  await storage.commit(turn.finish().writes);
  return storage;
}

function waiting(keys: readonly string[]): EventualIndex {
  const index = new EventualIndex();
  if (keys.length > 0) index.add(group(B, 1, keys));
  return index;
}

describe('the keys of a list', () => {
  const prefixes = ['', 'a', 'a/', 'a\uffff', 'a\u{10ffff}', '\u{10ffff}', 'ÿ', 'nothing', 'z'];

  it('are those with the prefix and after the given key, in the order of their bytes', async () => {
    const storage = await stored(KEYS);
    for (const prefix of prefixes) {
      for (const after of ['', ...KEYS, 'a/bb', '0', '\u{10ffff}z']) {
        const expected = byBytes(KEYS).filter(
          (key) => key.startsWith(prefix) && (after === '' || compareBytes(utf8Encode(key), utf8Encode(after)) > 0),
        );
        expect([...storedKeys(storage, prefix, after)].map(({ key }) => key)).toEqual(expected);
      }
    }
  });

  it('at the eventual level include those that only wait, in the same order, each once', async () => {
    const subset = fc.subarray(KEYS);
    await fc.assert(
      fc.asyncProperty(
        subset,
        subset,
        fc.constantFrom(...prefixes),
        fc.constantFrom('', ...KEYS),
        async (here, coming, prefix, after) => {
          const storage = await stored(here);
          const request = { prefix, after, limit: 1_000 };
          const listed = [...mergedKeys(storedKeys(storage, prefix, after), waiting(coming), request)];
          const expected = byBytes([...new Set([...here, ...coming])]).filter(
            (key) => key.startsWith(prefix) && (after === '' || compareBytes(utf8Encode(key), utf8Encode(after)) > 0),
          );
          expect(listed.map(({ key }) => key)).toEqual(expected);
          for (const { key, record } of listed) {
            expect(record).toHaveLength(Number(here.includes(key)) + Number(coming.includes(key)));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('no longer show what has left the buffer', () => {
    const index = new EventualIndex();
    const [one, two] = [group(B, 1, ['k', 'l']), group(B, 2, ['k'])];
    index.add(one);
    index.add(two);
    expect(index.over('k', [])).toHaveLength(2);
    index.remove(one);
    expect(index.keys(() => true)).toEqual(['k']);
    index.remove(two);
    expect(index.keys(() => true)).toEqual([]);
    expect(index.over('k', [])).toEqual([]);
  });
});

describe('a page', () => {
  const value = (bytes = 1): Version => ({
    kind: 'value',
    dot: { origin: A, counter: 1 },
    hlc: { ms: 1, logical: 0 },
    deps: VersionVector.EMPTY,
    seen: 0,
    twins: [],
    contentType: '',
    bytes: new Uint8Array(bytes),
  });
  const tombstone: Version = { ...value(), kind: 'tombstone' };
  const source = (...records: KeyRecord[]) =>
    records.map((record, i) => ({ key: String.fromCharCode(97 + i), record }));
  const taken = (records: KeyRecord[], limit: number) => {
    const { states, next } = takePage(source(...records), limit);
    return [states.map(({ key }) => key).join(''), next];
  };

  it('holds live keys up to the limit, and its next is where the following one goes on', () => {
    expect(taken([[value()], [value()], [value()]], 2)).toEqual(['ab', 'b']);
    expect(taken([[value()], [value()]], 2)).toEqual(['ab', undefined]);
    expect(taken([], 2)).toEqual(['', undefined]);
  });

  it('passes over deleted keys, and has no next if only such are left', () => {
    expect(taken([[tombstone], [value()], [tombstone], [value()]], 1)).toEqual(['b', 'c']);
    expect(taken([[value()], [tombstone], [tombstone]], 1)).toEqual(['a', undefined]);
    expect(taken([[tombstone, value()]], 1)).toEqual(['', undefined]);
  });

  it('ends early when it is large, but never without a key', () => {
    const half = Math.ceil(LIMITS.listPageMaxBytes / 2);
    expect(taken([[value(half)], [value(half)], [value()]], 9)).toEqual(['ab', 'b']);
    expect(taken([[value(LIMITS.listPageMaxBytes * 2)], [value()]], 9)).toEqual(['a', 'a']);
    expect(taken([[value(half), value(half)], [value()]], 9)).toEqual(['a', 'a']);
  });

  it('ends after so many deleted keys, even without any live one, and goes on from there', () => {
    const graves = Array.from({ length: LIMITS.listScanMaxKeys }, (_, i) => ({ key: `g${i}`, record: [tombstone] }));
    const all = [...graves, { key: 'live', record: [value()] }];
    const first = takePage(all, 10);
    expect([first.states.length, first.next]).toEqual([0, `g${LIMITS.listScanMaxKeys - 1}`]);
    expect(takePage(all.slice(LIMITS.listScanMaxKeys), 10).states.map(({ key }) => key)).toEqual(['live']);
  });

  it('after page, the pages of any listing are the listing', () => {
    const records = fc.array(
      fc.boolean().map((live): KeyRecord => [live ? value() : tombstone]),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 6 }), (list, limit) => {
        const all = source(...list);
        const pages: string[] = [];
        let from = 0;
        for (let next: string | undefined = ''; next !== undefined; ) {
          const page = takePage(all.slice(from), limit);
          expect(page.states.length).toBeLessThanOrEqual(limit);
          pages.push(...page.states.map(({ key }) => key));
          next = page.next;
          const last = next;
          from = all.findIndex(({ key }) => key === last) + 1;
        }
        expect(pages).toEqual(all.filter(({ record }) => record[0]?.kind === 'value').map(({ key }) => key));
      }),
    );
  });
});
