/** The storage contract, run for every adapter. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalStorage } from '../../src/adapters/journal-storage.js';
import { openLmdbStorage } from '../../src/adapters/lmdb-storage.js';
import { MemoryDisk, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { describeStorage } from './storage.js';

describeStorage('memory', async () => {
  const disk = new MemoryDisk();
  const storage = openMemoryStorage({ disk });
  return {
    storage,
    reopen: async () => {
      await storage.close();
      return openMemoryStorage({ disk });
    },
    dispose: async () => undefined,
  };
});

describeStorage('memory, with a disk that takes its time', async () => {
  const disk = new MemoryDisk();
  const storage = openMemoryStorage({ disk, flush: (done) => void setImmediate(() => setImmediate(done)) });
  return { storage, dispose: () => storage.close() };
});

describeStorage('lmdb', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-storage.'));
  let storage = openLmdbStorage({ directory });
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = openLmdbStorage({ directory });
      return storage;
    },
    dispose: async () => {
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describeStorage('lmdb, outgrowing its map', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-storage.'));
  const storage = openLmdbStorage({ directory, mapBytes: 128 * 1024 });
  return {
    storage,
    dispose: async () => {
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describeStorage('journal', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-storage.'));
  // So little that it is written anew again and again.
  const open = () => openJournalStorage({ directory, rewriteMinBytes: 256 });
  let storage = await open();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = await open();
      return storage;
    },
    dispose: async () => {
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
