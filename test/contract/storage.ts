/**
 * What every adapter of the storage port must do, as one suite: an adapter's test is a set-up and one call. Nothing
 * here knows which adapter it runs against.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  STORAGE_KEY_MAX_BYTES,
  type Storage,
  type StorageEntry,
  type StorageRange,
  type StorageReader,
  type StorageWrite,
  TABLES,
  type Table,
} from '../../src/ports/storage.js';

export interface OpenedStorage {
  readonly storage: Storage;
  /** Closes the storage and opens it again on what it has kept. */
  readonly reopen: () => Promise<Storage>;
  readonly dispose: () => Promise<void>;
}

export function describeStorage(name: string, open: () => Promise<OpenedStorage>): void {
  describe(`storage: ${name}`, () => {
    let opened: OpenedStorage;
    let storage: Storage;
    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterEach(async () => {
      await opened.dispose();
    });

    describe('a commit', () => {
      it('is seen by reads once its promise has settled, and not before', async () => {
        const done = storage.commit([put('keyspace', 'a', '1')]);
        expect(storage.get('keyspace', bytes('a'))).toBeUndefined();
        expect(storage.count('keyspace')).toBe(0);
        await done;
        expect(text(storage.get('keyspace', bytes('a')))).toBe('1');
      });

      it('takes effect in all its tables at once, never in part', async () => {
        const states = new Set<string>();
        let running = true;
        const watch = async () => {
          while (running) {
            states.add(TABLES.map((table) => text(storage.get(table, bytes('k')))).join());
            await new Promise(setImmediate);
          }
        };
        const watching = watch();
        for (let i = 1; i <= 20; i += 1) await storage.commit(TABLES.map((table) => put(table, 'k', String(i))));
        running = false;
        await watching;
        for (const state of states) expect(new Set(state.split(','))).toHaveProperty('size', 1);
      });

      it('applies its writes in their order', async () => {
        await storage.commit([
          put('log', 'a', '1'),
          { kind: 'delete', table: 'log', key: bytes('a') },
          put('log', 'b', '1'),
          put('log', 'b', '2'),
          { kind: 'delete', table: 'log', key: bytes('c') },
          put('log', 'c', '3'),
        ]);
        expect(shown(storage, 'log')).toEqual(['b=2', 'c=3']);
      });

      it('takes effect after every commit that was called before it', async () => {
        const settled: number[] = [];
        const all = Array.from({ length: 300 }, async (_, i) => {
          // Over several turns, so that some commits are called while others are under way.
          for (let turn = 0; turn < i % 3; turn += 1) await new Promise(setImmediate);
          await storage.commit([put('keyspace', 'last', String(i)), put('keyspace', `k${i}`, String(i))]);
          settled.push(i);
        });
        await Promise.all(all);
        const callOrder = [0, 1, 2].flatMap((turn) => settled.filter((i) => i % 3 === turn));
        expect(settled).toEqual(callOrder);
        expect(text(storage.get('keyspace', bytes('last')))).toBe(String(callOrder.at(-1)));
        expect(storage.count('keyspace')).toBe(301);
      });

      it('of nothing settles after what was committed before', async () => {
        const settled: string[] = [];
        const first = storage.commit([put('meta', 'a', '1')]).then(() => settled.push('first'));
        await storage.commit([]).then(() => settled.push('nothing'));
        await first;
        expect(settled).toEqual(['first', 'nothing']);
        await storage.commit([]);
      });

      it('refuses a key without bytes or beyond the limit, and writes nothing of the batch', async () => {
        for (const key of [new Uint8Array(0), new Uint8Array(STORAGE_KEY_MAX_BYTES + 1)]) {
          const commit = async () =>
            storage.commit([put('meta', 'a', '1'), { kind: 'put', table: 'meta', key, value: bytes('x') }]);
          await expect(commit()).rejects.toThrow(/storage key/);
        }
        await storage.commit([put('meta', 'b', '2')]);
        expect(shown(storage, 'meta')).toEqual(['b=2']);
      });
    });

    describe('delete-range', () => {
      it('deletes from its lower bound up to, not including, its upper one, in one table', async () => {
        await storage.commit([...'abcde'].flatMap((key) => [put('log', key, '1'), put('meta', key, '1')]));
        await storage.commit([deleteRange('log', 'b', 'd')]);
        expect(shown(storage, 'log')).toEqual(['a=1', 'd=1', 'e=1']);
        expect(shown(storage, 'meta')).toHaveLength(5);
      });

      it('covers what its own batch and commits under way have written before it, not what comes after', async () => {
        await storage.commit([put('log', 'a', '0')]);
        const done = [
          storage.commit([put('log', 'b', '1'), put('log', 'bb', '1'), put('log', 'x', '1')]),
          storage.commit([
            put('log', 'cc', '2'),
            { kind: 'delete', table: 'log', key: bytes('a') },
            deleteRange('log', 'a', 'd'),
            put('log', 'b', '3'),
          ]),
        ];
        await new Promise(setImmediate);
        done.push(storage.commit([put('log', 'c', '4'), put('log', 'd', '4')]));
        await new Promise(setImmediate);
        done.push(storage.commit([deleteRange('log', 'b', 'ba'), put('log', 'e', '5')]));
        await Promise.all(done);
        expect(shown(storage, 'log')).toEqual(['c=4', 'd=4', 'e=5', 'x=1']);
      });

      it('of a range that is empty or upside down deletes nothing', async () => {
        await storage.commit([put('log', 'a', '1'), put('log', 'b', '1')]);
        await storage.commit([deleteRange('log', 'b', 'a'), deleteRange('log', 'a', 'a'), deleteRange('log', '', '')]);
        expect(shown(storage, 'log')).toHaveLength(2);
      });

      it('removes thousands of keys within one batch', async () => {
        const keys = Array.from({ length: 5_000 }, (_, i) => `k${String(i).padStart(5, '0')}`);
        await storage.commit(keys.map((key) => put('operations', key, 'v')));
        await storage.commit([deleteRange('operations', 'k00010', 'k04990'), put('meta', 'cut', 'yes')]);
        expect(storage.count('operations')).toBe(20);
        expect(shown(storage, 'meta')).toEqual(['cut=yes']);
      });
    });

    describe('keys and values', () => {
      it('are ordered by unsigned bytes, a prefix before what it begins', async () => {
        const keys = [[0], [0, 0], [0, 255], [1], [5], [127], [127, 255], [128], [128, 0], [255], [255, 0], [255, 255]];
        const shuffled = [...keys].sort((a, b) => ((a[0] ?? 0) % 7) - ((b[0] ?? 0) % 7));
        await storage.commit(
          shuffled.map((key) => ({ kind: 'put', table: 'ordered', key: Uint8Array.from(key), value: bytes('v') })),
        );
        expect(keysOf(storage, 'ordered', {})).toEqual(keys);
        expect(keysOf(storage, 'ordered', { reverse: true })).toEqual(keys.toReversed());
        for (const key of keys) expect(text(storage.get('ordered', Uint8Array.from(key)))).toBe('v');
      });

      it('may be as long as the port says', async () => {
        const lengths = [1, 511, 520, 1_024, STORAGE_KEY_MAX_BYTES];
        const keys = lengths.flatMap((length) => [new Uint8Array(length), new Uint8Array(length).fill(255)]);
        await storage.commit(keys.map((key) => ({ kind: 'put', table: 'keyspace', key, value: key })));
        for (const key of keys) {
          expect(storage.get('keyspace', key)).toEqual(key);
          expect([...storage.range('keyspace', { gte: key })][0]?.key).toEqual(key);
          expect([...storage.range('keyspace', { lt: key, reverse: true })][0]?.key).not.toEqual(key);
        }
        expect([...storage.range('keyspace', {})].map((entry) => entry.key.length)).toEqual([...lengths, ...lengths]);
      });

      it('may have no bytes in the value, or a megabyte', async () => {
        const large = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) & 255);
        await storage.commit([
          put('keyspace', 'empty', ''),
          { kind: 'put', table: 'keyspace', key: bytes('l'), value: large },
        ]);
        expect(storage.get('keyspace', bytes('empty'))).toEqual(new Uint8Array(0));
        expect(equal(storage.get('keyspace', bytes('l')), large)).toBe(true);
        const entries = [...storage.range('keyspace', {})];
        expect(entries.map((entry) => entry.value.length)).toEqual([0, large.length]);
        expect(equal(entries[1]?.value, large)).toBe(true);
      });

      it('may be views into larger buffers', async () => {
        const whole = bytes('xxkeyyyvaluezz');
        await storage.commit([
          { kind: 'put', table: 'meta', key: whole.subarray(2, 5), value: whole.subarray(7, 12) },
          { kind: 'put', table: 'meta', key: whole.subarray(0, 2), value: whole.subarray(5, 5) },
        ]);
        expect(text(storage.get('meta', bytes('zkeyz').subarray(1, 4)))).toBe('value');
        expect(shown(storage, 'meta')).toEqual(['key=value', 'xx=']);
      });

      it('that were returned do not change by later reads and writes', async () => {
        const all = Array.from({ length: 200 }, (_, i) => [`k${i}`, `${i}`.repeat((i * 37) % 90)] as const);
        await storage.commit(all.map(([key, value]) => put('keyspace', key, value)));
        const got = new Map(all.map(([key]) => [key, storage.get('keyspace', bytes(key))]));
        const listed = [...storage.range('keyspace', {})];
        await storage.commit(all.map(([key]) => put('keyspace', key, 'overwritten')));
        for (const [key] of all) storage.get('keyspace', bytes(key));
        await storage.commit([deleteRange('keyspace', 'k', 'l')]);
        for (const [key, value] of all) expect(text(got.get(key))).toBe(value);
        expect(new Map(listed.map((entry) => [text(entry.key), text(entry.value)]))).toEqual(new Map(all));
      });
    });

    describe('range', () => {
      it('is half-open in both directions, whether its bounds exist or not', async () => {
        await storage.commit([...'bdf'].map((key) => put('keyspace', key, key)));
        const cases: readonly (readonly [StorageRange, string])[] = [
          [{}, 'bdf'],
          [{ gte: bytes('b') }, 'bdf'],
          [{ gte: bytes('c') }, 'df'],
          [{ lt: bytes('f') }, 'bd'],
          [{ lt: bytes('g') }, 'bdf'],
          [{ gte: bytes('b'), lt: bytes('d') }, 'b'],
          [{ gte: bytes('a'), lt: bytes('e') }, 'bd'],
          [{ gte: bytes('d'), lt: bytes('d') }, ''],
          [{ gte: bytes('f'), lt: bytes('b') }, ''],
          [{ gte: bytes('g') }, ''],
          [{ lt: bytes('b') }, ''],
          [{ gte: bytes('') }, 'bdf'],
          [{ lt: bytes('') }, ''],
        ];
        for (const [range, expected] of cases) {
          const forward = [...storage.range('keyspace', range)].map((entry) => text(entry.key));
          const backward = [...storage.range('keyspace', { ...range, reverse: true })].map((entry) => text(entry.key));
          expect(forward.join('')).toBe(expected);
          expect(backward.reverse().join('')).toBe(expected);
        }
        expect([...storage.range('log', {}), ...storage.range('log', { reverse: true })]).toEqual([]);
      });

      it('can be left early, run again, and run within itself', async () => {
        await storage.commit(Array.from({ length: 300 }, (_, i) => put('keyspace', String(1_000 + i), `v${i}`)));
        const range = storage.range('keyspace', { gte: bytes('1100') });
        for (let round = 0; round < 50; round += 1) {
          for (const entry of range) {
            expect(text(entry.key)).toBe('1100');
            break;
          }
        }
        let pairs = 0;
        for (const outer of storage.range('keyspace', { lt: bytes('1005') })) {
          for (const inner of storage.range('keyspace', { gte: outer.key, lt: bytes('1005'), reverse: true })) {
            expect(storage.get('keyspace', inner.key)).toEqual(inner.value);
            pairs += 1;
          }
        }
        expect(pairs).toBe(15);
        await storage.commit([put('keyspace', 'after', '')]);
        expect([...range]).toHaveLength(201);
      });
    });

    it('counts the entries of each table', async () => {
      await storage.commit([put('log', 'a', '1'), put('log', 'b', '1'), put('log', 'a', '2')]);
      expect(storage.count('log')).toBe(2);
      const snapshot = storage.snapshot();
      await storage.commit([{ kind: 'delete', table: 'log', key: bytes('a') }, put('meta', 'x', '')]);
      expect([storage.count('log'), storage.count('meta'), storage.count('ordered')]).toEqual([1, 1, 0]);
      expect([snapshot.count('log'), snapshot.count('meta')]).toEqual([2, 0]);
      snapshot.close();
    });

    describe('a snapshot', () => {
      it('shows the state of its creation, whatever is committed later', async () => {
        await storage.commit([put('keyspace', 'a', '1'), put('keyspace', 'b', '1')]);
        const pending = storage.commit([put('keyspace', 'b', 'pending')]);
        const snapshot = storage.snapshot();
        await pending;
        await storage.commit([put('keyspace', 'a', '2'), put('keyspace', 'c', '2')]);
        await storage.commit([deleteRange('keyspace', 'b', 'c')]);
        expect(shown(snapshot, 'keyspace')).toEqual(['a=1', 'b=1']);
        expect(text(snapshot.get('keyspace', bytes('a')))).toBe('1');
        expect(snapshot.get('keyspace', bytes('c'))).toBeUndefined();
        expect(shown(storage, 'keyspace')).toEqual(['a=2', 'c=2']);
        snapshot.close();
      });

      it('can be iterated over several turns while commits go on', async () => {
        const keys = Array.from({ length: 500 }, (_, i) => String(1_000 + i));
        await storage.commit(keys.map((key) => put('keyspace', key, 'old')));
        const snapshot = storage.snapshot();
        const seen: string[] = [];
        for (const entry of snapshot.range('keyspace', {})) {
          seen.push(`${text(entry.key)}=${text(entry.value)}`);
          if (seen.length % 50 === 0)
            await storage.commit(keys.map((key) => put('keyspace', key, `new${seen.length}`)));
        }
        expect(seen).toEqual(keys.map((key) => `${key}=old`));
        snapshot.close();
      });

      it('costs little enough that hundreds can be open, each with its own state', async () => {
        const snapshots = [];
        for (let i = 0; i < 200; i += 1) {
          await storage.commit([put('meta', 'n', String(i)), put('log', String(i), '')]);
          snapshots.push(storage.snapshot(), storage.snapshot());
        }
        for (const [i, snapshot] of snapshots.entries()) {
          expect(text(snapshot.get('meta', bytes('n')))).toBe(String(i >> 1));
          expect(snapshot.count('log')).toBe((i >> 1) + 1);
        }
        for (const snapshot of snapshots) snapshot.close();
        await storage.commit([put('meta', 'n', 'end')]);
        expect(text(storage.get('meta', bytes('n')))).toBe('end');
      });

      it('that was closed keeps no space: what is written again and again does not grow', async () => {
        const rewrite = async (times: number): Promise<number> => {
          for (let i = 0; i < times; i += 1) {
            const snapshot = storage.snapshot();
            await storage.commit([put('meta', `k${i % 10}`, 'v'.repeat(2_000)), put('log', `k${i % 10}`, String(i))]);
            snapshot.close();
          }
          return storage.sizeBytes();
        };
        const settled = await rewrite(40);
        expect(await rewrite(160)).toBeLessThanOrEqual(settled * 1.5);
      });

      it('can be closed twice, but not read after that', () => {
        const snapshot = storage.snapshot();
        snapshot.close();
        snapshot.close();
        expect(() => snapshot.get('meta', bytes('a'))).toThrow(/snapshot is closed/);
        expect(storage.get('meta', bytes('a'))).toBeUndefined();
      });
    });

    it('finishes what was committed when it is closed, and then answers nothing', async () => {
      const done = [storage.commit([put('meta', 'a', '1')]), storage.commit([put('meta', 'b', '1')])];
      const snapshot = storage.snapshot();
      await storage.close();
      await expect(Promise.all(done)).resolves.toHaveLength(2);
      snapshot.close();
      expect(() => storage.get('meta', bytes('a'))).toThrow(/closed/);
      await expect(storage.commit([])).rejects.toThrow(/closed/);
    });

    it('keeps everything when it is opened again', async () => {
      const before = TABLES.flatMap((table) => ['a', 'b'].map((key) => put(table, key, `${table}-${key}`)));
      await storage.commit(before);
      const bytesBefore = storage.sizeBytes();
      const reopened = await opened.reopen();
      for (const table of TABLES) expect(shown(reopened, table)).toEqual([`a=${table}-a`, `b=${table}-b`]);
      expect(reopened.count('ordered')).toBe(2);
      expect(reopened.sizeBytes()).toBe(bytesBefore);
      await reopened.commit([put('meta', 'c', 'new')]);
      expect(text(reopened.get('meta', bytes('c')))).toBe('new');
    });
  });
}

function put(table: Table, key: string, value: string): StorageWrite {
  return { kind: 'put', table, key: bytes(key), value: bytes(value) };
}

function deleteRange(table: Table, gte: string, lt: string): StorageWrite {
  return { kind: 'delete-range', table, gte: bytes(gte), lt: bytes(lt) };
}

function bytes(string: string): Uint8Array {
  return new TextEncoder().encode(string);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

function equal(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

function shown(reader: StorageReader, table: Table): string[] {
  return [...reader.range(table, {})].map((entry: StorageEntry) => `${text(entry.key)}=${text(entry.value)}`);
}

function keysOf(reader: StorageReader, table: Table, range: StorageRange): number[][] {
  return [...reader.range(table, range)].map((entry) => [...entry.key]);
}
