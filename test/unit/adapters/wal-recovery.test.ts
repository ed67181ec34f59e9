/** What a log may look like when it is opened, and what it may not. */
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbStorage } from '../../../src/adapters/lmdb-storage.js';
import { openLmdbStore } from '../../../src/adapters/lmdb-store.js';
import { openLoggedStorage } from '../../../src/adapters/logged-storage.js';
import type { SegmentName } from '../../../src/adapters/wal-files.js';
import { LogRecordEncoder, SEGMENT_HEADER_BYTES } from '../../../src/adapters/wal-records.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import type { Storage, StorageReader, StorageWrite } from '../../../src/ports/storage.js';
import { WalDisk } from '../../support/wal-disk.js';

const put = (name: string, value = '1'): StorageWrite => {
  return { kind: 'put', table: 'meta', key: utf8Encode(name), value: utf8Encode(value) };
};

function shown(reader: StorageReader): string {
  return [...reader.range('meta', {})].map(({ key }) => new TextDecoder().decode(key)).join('');
}

const damaged = (message: RegExp) => {
  return expect.objectContaining({ code: 'data-dir-corrupt', message: expect.stringMatching(message) });
};

const open = (disk: WalDisk, segmentBytes = 2_000) =>
  openLoggedStorage({ store: disk.openStore(), files: disk.logFiles(), limits: { segmentBytes } });

const NAMES = 'abcdef';
/** All records are as long as this one. The first commit is in the store itself. */
const RECORD_BYTES = new LogRecordEncoder(new Uint8Array(8)).encode(1, [put('b')]).length;
const RECORDS_END = SEGMENT_HEADER_BYTES + (NAMES.length - 1) * RECORD_BYTES;

/** A disk whose power went when `abcdef` had been committed, one after the other. */
async function written(): Promise<WalDisk> {
  const disk = new WalDisk(() => 0);
  const storage = await open(disk);
  for (const name of NAMES) await storage.commit([put(name)]);
  disk.losePower();
  return disk;
}

function bytesOf(disk: WalDisk, name: SegmentName = 'wal-0'): Uint8Array {
  const bytes = disk.files.get(name);
  if (bytes === undefined) throw new Error(`${name} is not there`);
  return bytes;
}

describe('a log', () => {
  it('gives back what the store does not have, and leaves nothing to give back after that', async () => {
    const disk = await written();
    expect(shown(disk.openStore())).toBe('a');
    expect(shown(await open(disk))).toBe(NAMES);
    disk.losePower();
    expect(shown(disk.openStore())).toBe(NAMES);
  });

  it('without the end of its last record gives back all the others, and goes on', async () => {
    for (let at = RECORDS_END - RECORD_BYTES; at < RECORDS_END; at += 1) {
      const disk = await written();
      const before = bytesOf(disk).slice();
      bytesOf(disk).fill(0, at, RECORDS_END);
      // The record may end in zeros of its own.
      const isWhole = Buffer.compare(before, bytesOf(disk)) === 0;
      const storage = await open(disk);
      expect(shown(storage)).toBe(isWhole ? 'abcdef' : 'abcde');
      await storage.commit([put('x')]);
      disk.losePower();
      expect(shown(await open(disk))).toBe(isWhole ? 'abcdefx' : 'abcdex');
    }
  });

  it('in which any byte of any record but the last has changed is refused', async () => {
    for (let at = 0; at < RECORDS_END - RECORD_BYTES; at += 1) {
      const disk = await written();
      const bytes = bytesOf(disk);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const isPadding = (at - SEGMENT_HEADER_BYTES) % RECORD_BYTES >= RECORD_BYTES - PADDING_BYTES;
      if (at >= SEGMENT_HEADER_BYTES && isPadding) continue;
      const isUnused = at >= 22 && at < 28;
      if (isUnused) continue;
      const code = expect.stringMatching(/^data-dir-(corrupt|newer-format)$/);
      await expect(open(disk), `byte ${at}`).rejects.toMatchObject({ code });
    }
  });

  it('of a newer format is refused', async () => {
    const disk = await written();
    bytesOf(disk)[13] = 2;
    await expect(open(disk)).rejects.toMatchObject({ code: 'data-dir-newer-format' });
  });

  it('whose record is whole but no list of writes is refused', async () => {
    const disk = await written();
    const id = bytesOf(disk).slice(14, 22);
    const nowhere = { ...put('g'), table: 'nowhere' } as unknown as StorageWrite;
    bytesOf(disk).set(new LogRecordEncoder(id).encode(NAMES.length, [nowhere]), RECORDS_END);
    await expect(open(disk)).rejects.toEqual(damaged(/record 6 cannot be read: unknown table/));
  });

  it('of which a segment is missing or empty is refused', async () => {
    for (const name of ['wal-0', 'wal-1'] as const) {
      const missing = await written();
      missing.files.delete(name);
      await expect(open(missing)).rejects.toEqual(damaged(new RegExp(`^${name} is damaged: it is missing`)));
      const empty = await written();
      empty.files.set(name, new Uint8Array(0));
      await expect(open(empty)).rejects.toEqual(damaged(new RegExp(`^${name} is damaged`)));
    }
  });

  it('that lies over both segments is refused if the end of the first is damaged', async () => {
    const disk = new WalDisk(() => 0);
    // The store's second transaction takes longer than anybody waits.
    const storage = await openLoggedStorage({
      store: stuckAfter(disk, 1),
      files: disk.logFiles(),
      limits: { segmentBytes: 90 },
    });
    for (const name of NAMES) await storage.commit([put(name)]);
    disk.losePower();
    const whole = bytesOf(disk).slice();
    expect(bytesOf(disk, 'wal-1').length).toBeGreaterThan(SEGMENT_HEADER_BYTES);
    const first = Math.floor(whole.findLastIndex((byte) => byte !== 0) / RECORD_BYTES) * RECORD_BYTES;
    bytesOf(disk).fill(0, first);
    await expect(open(disk)).rejects.toEqual(damaged(/^wal-1 is damaged: record \d is damaged or missing/));
    disk.files.set('wal-0', whole);
    expect(shown(await open(disk))).toBe(NAMES);
  });
});

/** A store on which the first so many commits succeed and no other ever ends. */
function stuckAfter(disk: WalDisk, commits: number): ReturnType<WalDisk['openStore']> {
  const store = disk.openStore();
  let left = commits;
  return {
    ...store,
    commit: (writes, mark) => {
      left -= 1;
      return left < 0 ? new Promise(() => undefined) : store.commit(writes, mark);
    },
  };
}

/** Of `put` with a name of one letter. */
const PADDING_BYTES = 6;

describe('a data directory', () => {
  let base: string;
  let directory: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'causeway-log.'));
    directory = join(base, 'data');
    await mkdir(directory);
  });
  afterEach(async () => {
    await rm(base, { recursive: true, force: true });
  });

  async function use<T>(path: string, act: (storage: Storage) => Promise<T> | T): Promise<T> {
    const storage = await openLmdbStorage({ directory: path });
    try {
      return await act(storage);
    } finally {
      await storage.close();
    }
  }

  const fill = (path: string, names: string) =>
    use(path, async (storage) => {
      for (const name of names) await storage.commit([put(name)]);
    });

  const keep = async (name: string) => {
    await cp(directory, join(base, name), { recursive: true });
    return join(base, name);
  };

  it('that was closed has everything in LMDB, and can be copied and used as a whole', async () => {
    await fill(directory, 'abc');
    const copy = await keep('copy');
    const store = openLmdbStore({ directory: copy });
    expect(shown(store)).toBe('abc');
    await store.close();
    await fill(copy, 'd');
    expect(await use(copy, shown)).toBe('abcd');
    expect(await use(directory, shown)).toBe('abc');
  });

  it('without a log, as older programs have left it, is opened, and has one from its first commit on', async () => {
    const store = openLmdbStore({ directory });
    await store.commit([put('a'), put('b')]);
    await store.close();
    expect(await use(directory, shown)).toBe('ab');
    expect(await readdir(directory)).not.toContain('wal-0');
    const storage = await openLmdbStorage({ directory });
    await storage.commit([put('c')]);
    await storage.commit([put('d')]);
    expect(shown(storage)).toBe('abcd');
    const copy = await keep('while it runs');
    await storage.close();
    // What began the log is in LMDB, where an older program looks for the format; the rest is not yet.
    const alone = openLmdbStore({ directory: copy });
    expect(shown(alone)).toBe('abc');
    await alone.close();
    expect(await use(copy, shown)).toBe('abcd');
  });

  it('of parts of different times or different stores is refused', async () => {
    await fill(directory, 'abc');
    const older = await keep('older');
    // Each time in the other segment: the third overwrites what the older store would need.
    for (const names of ['def', 'ghi', 'j']) await fill(directory, names);
    const other = join(base, 'other');
    await mkdir(other);
    await fill(other, 'xyz');
    const together = async (name: string, store: string, log: string) => {
      const path = join(base, name);
      await mkdir(path);
      await cp(join(store, 'data.mdb'), join(path, 'data.mdb'));
      for (const segment of ['wal-0', 'wal-1']) await cp(join(log, segment), join(path, segment));
      return openLmdbStorage({ directory: path });
    };
    await expect(together('a', directory, older)).rejects.toEqual(damaged(/has record 9, which was written/));
    await expect(together('b', older, directory)).rejects.toEqual(damaged(/record 3 is damaged or missing/));
    await expect(together('c', directory, other)).rejects.toEqual(damaged(/belongs to another store/));
    await rm(join(directory, 'data.mdb'));
    await expect(openLmdbStorage({ directory })).rejects.toEqual(damaged(/the store beside it knows of no log/));
  });

  it('in which a folder takes the place of the log is refused', async () => {
    await mkdir(join(directory, 'wal-0'));
    const refusal = { code: 'data-dir-corrupt', message: expect.stringContaining('The log cannot be opened: EISDIR') };
    await expect(openLmdbStorage({ directory })).rejects.toMatchObject(refusal);
  });
});
