/** The storage contract, run for every adapter. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournalStorage } from '../../src/adapters/journal-storage.js';
import { openLmdbStorage } from '../../src/adapters/lmdb-storage.js';
import { openLmdbStore } from '../../src/adapters/lmdb-store.js';
import { MemoryDisk, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import type { Storage } from '../../src/ports/storage.js';
import { describeStorage, type OpenedStorage } from './storage.js';

describeStorage('memory', () => {
  const disk = new MemoryDisk();
  return opened(async () => openMemoryStorage({ disk }));
});

describeStorage('memory, with a disk that takes its time', () => {
  const disk = new MemoryDisk();
  const flush = (done: () => void) => void setImmediate(() => setImmediate(done));
  return opened(async () => openMemoryStorage({ disk, flush }));
});

describeStorage('lmdb', () => inDirectory((directory) => openLmdbStorage({ directory })));

describeStorage('lmdb, outgrowing its map', () =>
  inDirectory((directory) => openLmdbStorage({ directory, mapBytes: 128 * 1024 })),
);

// A segment is full with every second record or so: there is nearly always a checkpoint under way.
describeStorage('lmdb, with checkpoints all the time', () =>
  inDirectory((directory) => openLmdbStorage({ directory, log: { segmentBytes: 256, partWrites: 200 } })),
);

describeStorage('lmdb without a log', () => inDirectory(async (directory) => openLmdbStore({ directory })));

// So little that it is written anew again and again.
describeStorage('journal', () => inDirectory((directory) => openJournalStorage({ directory, rewriteMinBytes: 256 })));

/** `open` finds what the storage it opened before has kept. */
async function opened(open: () => Promise<Storage>): Promise<OpenedStorage> {
  let storage = await open();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      storage = await open();
      return storage;
    },
    dispose: () => storage.close(),
  };
}

async function inDirectory(open: (directory: string) => Promise<Storage>): Promise<OpenedStorage> {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-storage.'));
  const { dispose, ...rest } = await opened(() => open(directory));
  return {
    ...rest,
    dispose: async () => {
      await dispose();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
