/** How long a durable write takes on the disk that holds a folder, by the storage that replicas use. */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { openLmdbStorage } from '../adapters/lmdb-storage.js';

export interface DiskMeasurement {
  readonly medianMs: number;
  readonly worstMs: number;
  readonly freeBytes: number;
}

const COMMITS = 25;
const VALUE = new Uint8Array(100).fill(7);

/** @throws whatever the storage or the file system says if LMDB cannot work there. */
export async function measureDisk(folder: string): Promise<DiskMeasurement> {
  const directory = await mkdtemp(join(folder, 'causeway-doctor-'));
  try {
    const tookMs = await timeCommits(directory);
    const { bavail, bsize } = await statfs(folder);
    return { medianMs: tookMs[COMMITS >> 1] ?? 0, worstMs: tookMs.at(-1) ?? 0, freeBytes: bavail * bsize };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Ascending. */
async function timeCommits(directory: string): Promise<readonly number[]> {
  const storage = await openLmdbStorage({ directory });
  const tookMs: number[] = [];
  try {
    for (let i = 0; i < COMMITS; i += 1) {
      const startedMs = performance.now();
      await storage.commit([{ kind: 'put', table: 'meta', key: Uint8Array.of(i), value: VALUE }]);
      tookMs.push(performance.now() - startedMs);
    }
  } finally {
    await storage.close();
  }
  return tookMs.sort((a, b) => a - b);
}
