/** What the memory storage adds to the port: a disk that is slow, fails, and loses what was not flushed. */
import { describe, expect, it } from 'vitest';
import { MemoryDisk, openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { SortedTable } from '../../../src/adapters/sorted-table.js';
import type { StorageReader, StorageWrite } from '../../../src/ports/storage.js';

function put(key: string): StorageWrite {
  return { kind: 'put', table: 'log', key: new TextEncoder().encode(key), value: new Uint8Array(1) };
}

function keys(reader: StorageReader): string {
  return [...reader.range('log', {})].map((entry) => new TextDecoder().decode(entry.key)).join('');
}

describe('memory storage', () => {
  it('flushes everything committed in one task together, and what comes meanwhile after that', async () => {
    const flushes: (() => void)[] = [];
    const storage = openMemoryStorage({ flush: (done) => flushes.push(done) });
    const first = Promise.all([storage.commit([put('a')]), storage.commit([put('b')])]);
    await Promise.resolve();
    const second = storage.commit([put('c')]);
    expect(flushes).toHaveLength(1);
    expect(keys(storage)).toBe('');
    flushes[0]?.();
    await first;
    expect(keys(storage)).toBe('ab');
    expect(storage.pendingCommits).toBe(1);
    flushes[1]?.();
    await second;
    expect(keys(storage)).toBe('abc');
  });

  it('loses in a crash what was not flushed, but for the survivors, which are the first', async () => {
    for (const survivors of [0, 1, 2, 3]) {
      const disk = new MemoryDisk();
      let flush = (): void => undefined;
      const storage = openMemoryStorage({ disk, flush: (done) => (flush = done) });
      const durable = storage.commit([put('a')]);
      await Promise.resolve();
      flush();
      await durable;
      let settled = 0;
      for (const key of ['b', 'c', 'd']) void storage.commit([put(key), put(key.toUpperCase())]).then(() => settled++);
      await Promise.resolve();
      expect(storage.pendingCommits).toBe(3);
      storage.crash(survivors);
      flush();
      const after = openMemoryStorage({ disk });
      expect(keys(after)).toBe(['a', 'Bab', 'BCabc', 'BCDabcd'][survivors]);
      expect(settled).toBe(0);
      expect(() => storage.count('log')).toThrow(/crashed/);
    }
  });

  it('answers storage-failed to everything after a flush has failed', async () => {
    const storage = openMemoryStorage({ flush: (done) => done(new Error('no space left')) });
    const snapshot = storage.snapshot();
    const failed = { code: 'storage-failed', message: 'Writing to memory failed: no space left.' };
    const commits = [storage.commit([put('a')]), storage.commit([put('b')])];
    for (const commit of commits) await expect(commit).rejects.toMatchObject(failed);
    await expect(storage.commit([])).rejects.toMatchObject(failed);
    expect(() => storage.get('log', Uint8Array.of(1))).toThrow(failed.message);
    expect(() => storage.range('log', {})[Symbol.iterator]()).toThrow(failed.message);
    expect(() => storage.snapshot()).toThrow(failed.message);
    expect(() => snapshot.count('log')).toThrow(failed.message);
    await storage.close();
  });

  it('owns its bytes: a buffer that is used again after the commit does not reach into it', async () => {
    const storage = openMemoryStorage();
    const key = Uint8Array.of(1);
    const value = Uint8Array.of(2);
    await storage.commit([{ kind: 'put', table: 'meta', key, value }]);
    key[0] = 3;
    value[0] = 4;
    expect(storage.get('meta', Uint8Array.of(1))).toEqual(Uint8Array.of(2));
  });
});

describe('sorted table', () => {
  it('keeps thousands of entries in order through splits, deletions and frozen views', () => {
    const table = new SortedTable();
    const keyOf = (i: number): Uint8Array => Uint8Array.of(i >> 8, i & 255);
    const order = Array.from({ length: 3_000 }, (_, i) => (i * 1_777) % 3_000);
    for (const i of order) table.put(keyOf(i), keyOf(i));
    const frozen = table.freeze();
    for (const i of order) if (i % 3 !== 0) table.delete(keyOf(i));
    table.deleteRange(keyOf(600), keyOf(2_400));
    expect([table.count, frozen.count]).toEqual([400, 3_000]);
    const listed = [...table.range({})].map(({ key }) => (key[0] ?? 0) * 256 + (key[1] ?? 0));
    expect(listed).toEqual(Array.from({ length: 1_000 }, (_, i) => 3 * i).filter((i) => i < 600 || i >= 2_400));
    expect([...frozen.range({ reverse: true })].map(({ key }) => key)).toEqual(
      Array.from({ length: 3_000 }, (_, i) => keyOf(2_999 - i)),
    );
    for (const i of order) expect(frozen.get(keyOf(i))).toEqual(keyOf(i));
  });
});
