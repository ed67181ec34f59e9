/** The log in its table: what a restart finds, and what it refuses to start from. */
import { describe, expect, it } from 'vitest';
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LIMITS } from '../../../src/base/limits.js';
import { makeConfiguration } from '../../../src/consensus/configuration.js';
import type { Entry } from '../../../src/consensus/entry.js';
import type { SnapshotMeta } from '../../../src/consensus/log-reader.js';
import type { Write } from '../../../src/consensus/raft-types.js';
import { RaftLogStore, WIPE_LOG } from '../../../src/replica/order/raft-log.js';
import { BASE_KEY, encodeHead, entryKey, HEAD_KEY } from '../../../src/replica/order/raft-rows.js';
import { memberNamed } from '../../support/raft-cluster.js';
import { seededRandom } from '../../support/seeded-random.js';

const SELF = memberNamed('r1');
const MEMBERS = makeConfiguration({ voters: [SELF, memberNamed('r2')], learners: [] });

const command = (index: number, term = 1): Entry => ({
  kind: 'command',
  index,
  term,
  bytes: utf8Encode(`${term}.${index}`),
});
const members = (index: number, term = 1): Entry => ({ kind: 'configuration', index, term, configuration: MEMBERS });

function write(number: number, parts: Partial<Write>): Write {
  const hardState = { term: 1, votedFor: SELF, commit: 0 };
  return { number, hardState, snapshot: undefined, truncateFrom: undefined, entries: [], ...parts };
}

class Disk {
  readonly disk = new MemoryDisk();
  storage: MemoryStorage = openMemoryStorage({ disk: this.disk });
  log = new RaftLogStore(this.storage, SELF, 0);
  #number = 0;

  async write(parts: Partial<Write>): Promise<void> {
    this.#number += 1;
    const next = write(this.#number, parts);
    await this.storage.commit(this.log.issue(next));
    this.log.stored(next);
  }

  async compact(index: number, snapshot: SnapshotMeta = snapshotOf(index)): Promise<void> {
    const { writes, stored } = this.log.compact(index, snapshot);
    await this.storage.commit(writes);
    stored();
  }

  reopen(applied = 0): RaftLogStore {
    this.storage.crash();
    this.storage = openMemoryStorage({ disk: this.disk });
    return new RaftLogStore(this.storage, SELF, applied);
  }
}

function snapshotOf(index: number): SnapshotMeta {
  return { index, term: 1, configuration: MEMBERS, sizeBytes: 0, checksum: 0 };
}

/** Entries 1 to 10; the first and the fifth are configurations. */
async function tenEntries(): Promise<Disk> {
  const disk = new Disk();
  const entries = Array.from({ length: 10 }, (_, i) => (i % 4 === 0 && i < 5 ? members(i + 1) : command(i + 1)));
  await disk.write({ entries, hardState: { term: 1, votedFor: SELF, commit: 7 } });
  return disk;
}

function damage(disk: Disk, key: Uint8Array): void {
  const value = disk.disk.tables.log.get(key);
  if (value === undefined) throw new Error('nothing to damage');
  disk.disk.tables.log.put(
    key,
    value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte)),
  );
}

describe('the log on disk', () => {
  it('is empty at first, and does not know anybody', () => {
    const { log } = new Disk();
    expect([log.firstIndex(), log.lastIndex(), log.term(0)]).toEqual([1, 0, 0]);
    expect(log.snapshot()).toMatchObject({ index: 0, configuration: { voters: [] } });
    expect(log.hardState).toEqual({ term: 0, votedFor: undefined, commit: 0 });
  });

  it('is found again as it was written', async () => {
    const disk = await tenEntries();
    const log = disk.reopen(3);
    expect([log.firstIndex(), log.lastIndex()]).toEqual([1, 10]);
    expect(log.hardState).toEqual({ term: 1, votedFor: SELF, commit: 7 });
    expect(log.configurationEntries()).toEqual([members(1), members(5)]);
    expect(log.entries(2, 5, 1_000)).toEqual([command(2), command(3), command(4)]);
    expect(log.entries(2, 11, 1)).toEqual([command(2)]);
    expect(log.sizeBytes).toBe(disk.log.sizeBytes);
  });

  it('shows nothing of a write before it is durable', async () => {
    const disk = await tenEntries();
    const next = write(2, { truncateFrom: 9, entries: [command(9, 2)] });
    const done = disk.storage.commit(disk.log.issue(next));
    expect(disk.log.term(9)).toBe(1);
    await done;
    disk.log.stored(next);
    expect([disk.log.term(9), disk.log.lastIndex()]).toEqual([2, 9]);
  });

  it('forgets a configuration with its entry, also one that was never durable', async () => {
    const disk = await tenEntries();
    await disk.write({ truncateFrom: 4, entries: [command(4, 2), members(5, 2), command(6, 2)] });
    const pending = [write(10, { entries: [members(7, 2)] }), write(11, { truncateFrom: 7, entries: [command(7, 3)] })];
    await Promise.all(pending.map((each) => disk.storage.commit(disk.log.issue(each))));
    for (const each of pending) disk.log.stored(each);
    const log = disk.reopen();
    expect(log.configurationEntries().map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [5, 2],
    ]);
    expect(log.sizeBytes).toBe(disk.log.sizeBytes);
  });

  it('begins behind its base once it is compacted, and deletes what is before it one step later', async () => {
    const disk = await tenEntries();
    await disk.compact(4);
    expect([disk.log.firstIndex(), disk.log.term(4), disk.log.snapshot().index]).toEqual([5, 1, 4]);
    expect(disk.storage.get('log', entryKey(4))).toBeDefined();
    await disk.compact(6);
    expect(disk.storage.get('log', entryKey(4))).toBeUndefined();
    const log = disk.reopen(6);
    expect([log.firstIndex(), log.lastIndex(), log.term(6)]).toEqual([7, 10, 1]);
    expect(log.entries(7, 11, 1_000)).toHaveLength(4);
    expect(log.configurationEntries()).toEqual([]);
    expect(log.sizeBytes).toBe(disk.log.sizeBytes);
  });

  it('begins anew behind a snapshot that is taken over', async () => {
    const disk = await tenEntries();
    await disk.write({ snapshot: snapshotOf(30), entries: [command(31), command(32)] });
    const log = disk.reopen(30);
    expect([log.firstIndex(), log.lastIndex(), log.term(30)]).toEqual([31, 32, 1]);
    expect(disk.storage.count('log')).toBe(4);
  });

  it('finds where to begin for so many entries or bytes to be left', async () => {
    const disk = await tenEntries();
    const { log } = disk;
    expect(log.indexBefore(10, 3, 1_000_000)).toBe(7);
    expect(log.indexBefore(10, 100, 1_000_000)).toBe(0);
    expect(log.indexBefore(10, 100, 0)).toBe(10);
    const sizeOf = (index: number) => disk.storage.get('log', entryKey(index))?.length ?? 0;
    expect(log.indexBefore(10, 100, sizeOf(9) + sizeOf(10))).toBe(8);
    expect(log.indexBefore(10, 100, sizeOf(9) + sizeOf(10) - 1)).toBe(9);
  });

  it('counts its bytes right through any sequence of appends, truncations and compactions', async () => {
    const random = seededRandom(5);
    const disk = new Disk();
    let last = 0;
    for (let round = 0; round < 200; round += 1) {
      const first = disk.log.firstIndex();
      const from = random.chance(0.3) && last > first ? first + 1 + random.int(last - first) : last + 1;
      const entries = Array.from({ length: 1 + random.int(4) }, (_, i) =>
        random.chance(0.1) ? members(from + i, round + 1) : command(from + i, round + 1),
      );
      await disk.write({ entries, truncateFrom: from <= last ? from : undefined });
      last = from + entries.length - 1;
      if (random.chance(0.1)) await disk.compact(first + random.int(last - first + 1));
      let bytes = 0;
      for (let index = disk.log.firstIndex(); index <= last; index += 1) {
        bytes += disk.storage.get('log', entryKey(index))?.length ?? 0;
      }
      expect(disk.log.sizeBytes).toBe(bytes);
    }
    await disk.write({ entries: [members(last + 1, 201), command(last + 2, 201)] });
    const configurations = disk.log.configurationEntries();
    const log = disk.reopen(disk.log.snapshot().index);
    expect(log.configurationEntries()).toEqual(configurations);
    expect(configurations.length).toBeGreaterThan(0);
  });

  it('is opened by reading its ends, however long it is', async () => {
    const disk = new Disk();
    const count = 5 * LIMITS.raftVerifiedTailEntries;
    await disk.write({ entries: [members(1), ...Array.from({ length: count - 1 }, (_, i) => command(i + 2))] });
    let read = 0;
    const { log } = disk.disk.tables;
    const range = log.range.bind(log);
    log.range = function* (bounds) {
      for (const entry of range(bounds)) {
        read += 1;
        yield entry;
      }
    };
    expect(disk.reopen(count).lastIndex()).toBe(count);
    expect(read).toBeLessThan(LIMITS.raftVerifiedTailEntries + 10);
  });

  it('is gone when it is wiped', async () => {
    const disk = await tenEntries();
    await disk.storage.commit([WIPE_LOG]);
    expect(disk.storage.count('log')).toBe(0);
    expect(disk.reopen().lastIndex()).toBe(0);
  });
});

describe('a damaged log', () => {
  const table = (disk: Disk) => disk.disk.tables.log;
  it.each<readonly [string, (disk: Disk) => void, string]>([
    ['without an entry', (disk) => table(disk).delete(entryKey(4)), 'entry 4 of the log is missing'],
    ['without its first entry', (disk) => table(disk).delete(entryKey(1)), 'entry 1 of the log is missing'],
    ['without its end', (disk) => table(disk).delete(entryKey(10)), 'entry 10 of the log is missing'],
    ['with an entry that is damaged', (disk) => damage(disk, entryKey(6)), 'entry 6 of the log is damaged'],
    [
      'with an entry in the place of another',
      (disk) => table(disk).put(entryKey(6), table(disk).get(entryKey(5)) ?? new Uint8Array(0)),
      'entry 6 of the log is damaged',
    ],
    [
      'with an entry behind its end',
      (disk) => table(disk).put(entryKey(11), new Uint8Array(3)),
      'the log ends at entry 10, and there is an entry 11',
    ],
    ['without its head', (disk) => table(disk).delete(HEAD_KEY), 'its head or base is missing'],
    ['without its base', (disk) => table(disk).delete(BASE_KEY), 'its head or base is missing'],
    ['with a damaged head', (disk) => damage(disk, HEAD_KEY), 'head of the log is damaged'],
    ['with a damaged base', (disk) => damage(disk, BASE_KEY), 'base of the log is damaged'],
    [
      'with a row of somebody else',
      (disk) => table(disk).put(utf8Encode('x'), new Uint8Array(1)),
      'rows that are not its own',
    ],
    [
      'that ends before what is committed',
      (disk) =>
        table(disk).put(HEAD_KEY, encodeHead({ hardState: { term: 1, votedFor: SELF, commit: 12 }, lastIndex: 10 })),
      'entry 12 of the log is committed, and the log ends at 10',
    ],
  ])('%s is refused, and the place named', async (_, harm, message) => {
    const disk = await tenEntries();
    harm(disk);
    expect(() => disk.reopen(3)).toThrow(message);
    expect(() => disk.reopen(3)).toThrow(expect.objectContaining({ code: 'data-dir-corrupt' }));
  });

  it('that ends before the state made of it, or begins behind it, is refused', async () => {
    const disk = await tenEntries();
    await disk.compact(6);
    expect(() => disk.reopen(11)).toThrow('the state is at entry 11, and the log ends at 10');
    expect(() => disk.reopen(5)).toThrow('the log begins behind entry 6');
    await disk.storage.commit([WIPE_LOG]);
    expect(() => disk.reopen(5)).toThrow('the state is at entry 5 of the log, and the log is missing');
  });

  it('of another incarnation is refused', async () => {
    const disk = await tenEntries();
    expect(() => new RaftLogStore(disk.storage, memberNamed("r1'"), 0)).toThrow('the log is of r1~00000001');
  });

  it('far from its end is noticed when the entry is read', async () => {
    const disk = new Disk();
    const count = LIMITS.raftVerifiedTailEntries + 10;
    await disk.write({ entries: Array.from({ length: count }, (_, i) => command(i + 1)) });
    damage(disk, entryKey(3));
    const log = disk.reopen(5);
    expect(() => log.entries(1, 6, 10_000)).toThrow('entry 3 of the log is damaged');
    expect(() => log.term(3)).toThrow(expect.objectContaining({ code: 'data-dir-corrupt' }));
    table(disk).delete(entryKey(4));
    expect(() => log.entries(4, 6, 10_000)).toThrow('entry 4 of the log is missing');
  });
});
