/** When a log goes to the store behind it, and what of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openLoggedStorage } from '../../../src/adapters/logged-storage.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import type { Storage, StorageReader, StorageWrite } from '../../../src/ports/storage.js';
import { WalDisk } from '../../support/wal-disk.js';

const put = (name: string, value = '1'): StorageWrite => {
  return { kind: 'put', table: 'meta', key: utf8Encode(name), value: utf8Encode(value) };
};

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function shown(reader: StorageReader): string {
  return [...reader.range('meta', {})].map(({ key, value }) => `${text(key)}${text(value)}`).join();
}

/** A store that tells what it is given, and may be held up. */
class WatchedStore {
  readonly store: ReturnType<WalDisk['openStore']>;
  readonly parts: StorageWrite[][] = [];
  readonly marks: boolean[] = [];
  #gate: Promise<void> = Promise.resolve();

  constructor(disk: WalDisk) {
    const inner = disk.openStore();
    this.store = {
      ...inner,
      commit: async (writes, mark) => {
        this.parts.push([...writes]);
        this.marks.push(mark !== undefined);
        await this.#gate;
        return inner.commit(writes, mark);
      },
    };
  }

  /** Returns what lets it go on. */
  hold(): () => void {
    let release = () => {};
    this.#gate = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }
}

let disk: WalDisk;
let watched: WatchedStore;
let storage: Storage;

async function open(limits: { segmentBytes?: number; partWrites?: number } = {}): Promise<void> {
  disk = new WalDisk(() => 0);
  watched = new WatchedStore(disk);
  storage = await openLoggedStorage({ store: watched.store, files: disk.logFiles(), limits });
}

const turns = async () => {
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
};

describe('a storage with a log', () => {
  it('gives the store its first commit at once, with a mark, and later ones not yet', async () => {
    await open();
    await storage.commit([put('a')]);
    await storage.commit([put('b')]);
    expect(watched.parts).toEqual([[put('a')]]);
    expect(watched.marks).toEqual([true]);
    expect(shown(storage)).toBe('a1,b1');
    expect(shown(watched.store)).toBe('a1');
  });

  it('gives the store each key once, as it is at last, in parts of which the last has the mark', async () => {
    await open({ partWrites: 2 });
    await storage.commit([put('a')]);
    for (let i = 0; i < 10; i += 1) await storage.commit([put('b', `${i}`), put('c', `${i}`)]);
    await storage.commit([put('d'), { kind: 'delete', table: 'meta', key: utf8Encode('a') }]);
    await storage.close();
    const gone = { kind: 'delete', table: 'meta', key: utf8Encode('a') };
    expect(watched.parts.slice(1)).toEqual([
      [gone, put('b', '9')],
      [put('c', '9'), put('d')],
    ]);
    expect(watched.marks).toEqual([true, false, true]);
  });

  it('gives the store nothing of what came and went in between, and deletes what it has', async () => {
    await open({ segmentBytes: 1_000 });
    await storage.commit([put('a')]);
    const release = watched.hold();
    await storage.commit([put('c', 'x'.repeat(1_000))]);
    // Goes to the store, which is held up, so that `c` is neither there nor among what is written now.
    await storage.commit([put('b'), put('d'), put('e')]);
    await storage.commit([{ kind: 'delete-range', table: 'meta', gte: utf8Encode('a'), lt: utf8Encode('e') }]);
    expect(shown(storage)).toBe('e1');
    expect(storage.count('meta')).toBe(1);
    release();
    await storage.close();
    const gone = (name: string) => ({ kind: 'delete', table: 'meta', key: utf8Encode(name) });
    expect(watched.parts.slice(2)).toEqual([[gone('a'), gone('c'), put('e')]]);
    expect(shown(disk.openStore())).toBe('e1');
  });

  it('takes commits while the store is busy, lets them wait when it is far behind, and fails none', async () => {
    await open({ segmentBytes: 200 });
    await storage.commit([put('a')]);
    const release = watched.hold();
    let settled = 0;
    const all = [];
    for (let i = 0; i < 100; i += 1) {
      all.push(storage.commit([put(`k${i}`)]).then(() => (settled += 1)));
      await turns();
    }
    // A segment that goes to the store, and two segments' worth behind it.
    expect(settled).toBeGreaterThan(5);
    expect(settled).toBeLessThan(40);
    expect(storage.count('meta')).toBe(1 + settled);
    release();
    await Promise.all(all);
    expect(storage.count('meta')).toBe(101);
    await storage.close();
    disk.losePower();
    expect(disk.openStore().count('meta')).toBe(101);
  });

  it('shows a snapshot as it was while what it shows goes to the store, and after', async () => {
    await open({ segmentBytes: 20 });
    await storage.commit([put('a'), put('b')]);
    await storage.commit([put('b', '2'), put('c')]);
    const release = watched.hold();
    const snapshots = [storage.snapshot()];
    await storage.commit([{ kind: 'delete-range', table: 'meta', gte: utf8Encode('a'), lt: utf8Encode('c') }]);
    snapshots.push(storage.snapshot());
    release();
    await storage.commit([put('a', '9'), put('c', '9')]);
    await storage.commit([put('d', '9')]);
    await turns();
    expect(snapshots.map(shown)).toEqual(['a1,b2,c1', 'c1']);
    expect(snapshots.map((snapshot) => snapshot.count('meta'))).toEqual([3, 1]);
    expect(shown(storage)).toBe('a9,c9,d9');
    for (const snapshot of snapshots) snapshot.close();
  });
});

describe('a storage with a log that has little to do', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('brings it to the store once nothing was written for a while', async () => {
    await open();
    await storage.commit([put('a')]);
    await storage.commit([put('b')]);
    vi.advanceTimersByTime(1_000);
    await turns();
    expect(shown(watched.store)).toBe('a1,b1');
    expect(shown(storage)).toBe('a1,b1');
    vi.advanceTimersByTime(60_000);
    await turns();
    expect(watched.parts).toHaveLength(2);
    await storage.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('brings it there after some time though something is written all the time', async () => {
    await open();
    await storage.commit([put('a')]);
    for (let second = 0; second < 12; second += 1) {
      await storage.commit([put('b', `${second}`)]);
      vi.advanceTimersByTime(999);
      await turns();
    }
    expect(watched.parts.length).toBe(2);
    await storage.close();
  });
});
