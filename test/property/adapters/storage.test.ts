/** Every storage adapter against a map that is sorted when it is read. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLmdbStorage } from '../../../src/adapters/lmdb-storage.js';
import { openLmdbStore } from '../../../src/adapters/lmdb-store.js';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import {
  type Storage,
  type StorageRange,
  type StorageReader,
  type StorageSnapshot,
  type StorageWrite,
  TABLES,
  type Table,
} from '../../../src/ports/storage.js';

/** Few bytes and short keys, so that keys meet; now and then a long one. */
const byte = fc.constantFrom(0, 1, 5, 127, 128, 254, 255);
const key = fc.oneof(
  { weight: 9, arbitrary: fc.array(byte, { minLength: 1, maxLength: 3 }).map((bytes) => Uint8Array.from(bytes)) },
  { weight: 1, arbitrary: fc.tuple(byte, fc.integer({ min: 4, max: 530 })).map(([b, n]) => new Uint8Array(n).fill(b)) },
);
const value = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 20_000 }).map((n) => new Uint8Array(n).fill(n & 255)) },
);
const table = fc.constantFrom<Table>('meta', 'keyspace');
const write: fc.Arbitrary<StorageWrite> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), table, key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), table, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-range' as const), table, gte: key, lt: key }) },
);
const range: fc.Arbitrary<StorageRange> = fc.record({ gte: key, lt: key, reverse: fc.boolean() }, { requiredKeys: [] });

interface Read {
  readonly kind: 'read';
  readonly table: Table;
  readonly key: Uint8Array;
  readonly range: StorageRange;
}

type Step =
  | Read
  | { readonly kind: 'commit'; readonly writes: readonly StorageWrite[] }
  | { readonly kind: 'turn' | 'settle' | 'snapshot' | 'close' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('commit' as const), writes: fc.array(write, { maxLength: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), table, key, range }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('turn', 'settle', 'snapshot', 'close') }) },
);

/** The dumb model: one entry per key, by its hexadecimal form, whose order is that of the bytes. */
type Model = ReadonlyMap<string, Uint8Array>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const entryName = (name: Table, bytes: Uint8Array): string => `${name}/${hex(bytes)}`;

function applyTo(model: Model, writes: readonly StorageWrite[]): Model {
  const next = new Map(model);
  for (const each of writes) {
    if (each.kind === 'put') next.set(entryName(each.table, each.key), each.value);
    else if (each.kind === 'delete') next.delete(entryName(each.table, each.key));
    else for (const [name] of rangeOf(next, each.table, each)) next.delete(`${each.table}/${name}`);
  }
  return next;
}

function rangeOf(model: Model, name: Table, { gte, lt, reverse }: StorageRange): [string, Uint8Array][] {
  const inside = [...model]
    .filter(([full]) => full.startsWith(`${name}/`))
    .map(([full, bytes]): [string, Uint8Array] => [full.slice(name.length + 1), bytes])
    .filter(([found]) => (gte === undefined || found >= hex(gte)) && (lt === undefined || found < hex(lt)))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return reverse === true ? inside.reverse() : inside;
}

/** As text, because comparing long values byte by byte takes most of the time here. */
const asText = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : hex(bytes));

function expectEqual(reader: StorageReader, model: Model, read: Read): void {
  expect(asText(reader.get(read.table, read.key))).toBe(asText(model.get(entryName(read.table, read.key))));
  const listed = [...reader.range(read.table, read.range)].map((entry) => [hex(entry.key), hex(entry.value)]);
  expect(listed).toEqual(rangeOf(model, read.table, read.range).map(([name, bytes]) => [name, hex(bytes)]));
  expect(reader.count(read.table)).toBe(rangeOf(model, read.table, {}).length);
}

/** Runs the steps; what is visible must at every read be the state after the commits that have settled. */
async function follow(storage: Storage, steps: readonly Step[]): Promise<void> {
  let visible: Model = new Map();
  const pending: Promise<void>[] = [];
  const snapshots: { readonly snapshot: StorageSnapshot; readonly model: Model }[] = [];
  for (const each of steps) {
    if (each.kind === 'commit') {
      const settled = storage.commit(each.writes);
      pending.push(
        settled.then(() => {
          visible = applyTo(visible, each.writes);
        }),
      );
    } else if (each.kind === 'turn') await new Promise(setImmediate);
    else if (each.kind === 'settle') await Promise.all(pending);
    else if (each.kind === 'snapshot') snapshots.push({ snapshot: storage.snapshot(), model: visible });
    else if (each.kind === 'close') snapshots.shift()?.snapshot.close();
    else if (each.kind === 'read') {
      expectEqual(storage, visible, each);
      for (const { snapshot, model } of snapshots) expectEqual(snapshot, model, each);
    }
  }
  await Promise.all(pending);
  for (const name of TABLES)
    expectEqual(storage, visible, { kind: 'read', table: name, key: Uint8Array.of(1), range: {} });
  for (const { snapshot } of snapshots) snapshot.close();
  await storage.commit(
    TABLES.map((name) => ({
      kind: 'delete-range',
      table: name,
      gte: Uint8Array.of(0),
      lt: new Uint8Array(600).fill(255),
    })),
  );
}

describe('any sequence of commits, reads and snapshots shows what a sorted map shows', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-property.'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const flushes = fc.infiniteStream(fc.integer({ min: 0, max: 3 }));

  it('in memory, whatever time the disk takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), flushes, async (steps, delays) => {
        const wait = async (done: () => void) => {
          for (let turns = delays.next().value ?? 0; turns > 0; turns -= 1) await new Promise(setImmediate);
          done();
        };
        await follow(openMemoryStorage({ flush: (done) => void wait(done) }), steps);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['in LMDB alone', (path: string) => openLmdbStore({ directory: path })],
    ['in LMDB with a log before it', (path: string) => openLmdbStorage({ directory: path })],
    [
      'in both, with checkpoints in between',
      (path: string) => openLmdbStorage({ directory: path, log: { segmentBytes: 500, partWrites: 4 } }),
    ],
  ])('%s', async (name, open) => {
    const path = join(directory, name);
    await mkdir(path);
    const storage = await open(path);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await follow(storage, steps);
        for (const table of TABLES) expect(storage.count(table)).toBe(0);
      }),
      { numRuns: 100 },
    );
    await storage.close();
  });
});
