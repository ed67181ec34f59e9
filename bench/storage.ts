/** The storage port: LMDB against memory, and against a plain get of lmdb-js on the same entries. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStorage } from '../src/adapters/lmdb-storage.js';
import { openMemoryStorage } from '../src/adapters/memory-storage.js';
import type { Storage, StorageWrite } from '../src/ports/storage.js';
import { openBareLmdb } from './bare-lmdb.js';
import type { BenchCase, BenchSuite } from './suite.js';

const ENTRIES = 10_000;
const VALUE_BYTES = 100;
const RANGE_ENTRIES = 100;

/** Spread over the whole key space, as keys of users are; those beyond `ENTRIES` are not there. */
function keyOf(i: number): Uint8Array {
  return Buffer.from(`user/${((i * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}/profile`);
}

const KEYS = Array.from({ length: ENTRIES }, (_, i) => keyOf(i));
const MISSING = Array.from({ length: ENTRIES }, (_, i) => keyOf(ENTRIES + i));

function put(key: Uint8Array): StorageWrite {
  return { kind: 'put', table: 'keyspace', key, value: new Uint8Array(VALUE_BYTES).fill(7) };
}

/** Keys in turn, for ever. */
function cycle(keys: readonly Uint8Array[]): () => Uint8Array {
  let next = 0;
  return () => keys[next++ % keys.length] as Uint8Array;
}

const operations: readonly { readonly name: string; readonly on: (storage: Storage) => () => unknown }[] = [
  {
    name: 'get, hit',
    on: (storage) => {
      const key = cycle(KEYS);
      return () => storage.get('keyspace', key());
    },
  },
  {
    name: 'get, miss',
    on: (storage) => {
      const key = cycle(MISSING);
      return () => storage.get('keyspace', key());
    },
  },
  {
    name: `range of ${RANGE_ENTRIES}`,
    on: (storage) => {
      const key = cycle(KEYS);
      return () => {
        let count = 0;
        for (const _ of storage.range('keyspace', { gte: key() })) if (++count === RANGE_ENTRIES) break;
        return count;
      };
    },
  },
  {
    name: 'commit of 1 put',
    on: (storage) => {
      const key = cycle(KEYS);
      return () => storage.commit([put(key())]);
    },
  },
  {
    name: 'commit of 100 puts',
    on: (storage) => {
      const key = cycle(KEYS);
      return () => storage.commit(Array.from({ length: 100 }, () => put(key())));
    },
  },
];

function memoryCase({ name, on }: (typeof operations)[number]): BenchCase {
  return {
    name: `memory: ${name}`,
    setUp: async () => {
      const storage = openMemoryStorage();
      await storage.commit(KEYS.map(put));
      return on(storage);
    },
  };
}

function lmdbCase({ name, on }: (typeof operations)[number]): BenchCase {
  let close = async (): Promise<void> => undefined;
  return {
    name: `lmdb: ${name}`,
    setUp: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'causeway-bench.'));
      const storage = await openLmdbStorage({ directory });
      close = async () => {
        await storage.close();
        rmSync(directory, { recursive: true, force: true });
      };
      await storage.commit(KEYS.map(put));
      return on(storage);
    },
    tearDown: () => close(),
  };
}

/** What a get costs without the port: the yardstick for `lmdb: get, hit`. */
function plainGet(): BenchCase {
  let close = async (): Promise<void> => undefined;
  return {
    name: 'lmdb-js alone: get, hit',
    setUp: async () => {
      const lmdb = await openBareLmdb(KEYS, new Uint8Array(VALUE_BYTES).fill(7));
      close = lmdb.close;
      const key = cycle(KEYS);
      return () => lmdb.root.get(key());
    },
    tearDown: () => close(),
  };
}

export const storage: BenchSuite = {
  name: 'storage',
  cases: [plainGet(), ...operations.flatMap((operation) => [lmdbCase(operation), memoryCase(operation)])],
};
