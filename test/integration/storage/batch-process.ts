/** Starts `commit-batches.mjs`, and judges what it has left on disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import type { StorageReader } from '../../../src/ports/storage.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, '../../../dist');

export interface BatchProcess {
  readonly child: ChildProcess;
  /** Lines of its output as they come; ends with the process. */
  readonly lines: AsyncIterable<string>;
  readonly stderr: () => string;
}

/** What each call on a storage comes to after its disk has failed. */
export const BROKEN_STORAGE = {
  commit: 'storage-failed',
  laterCommit: 'storage-failed',
  laterGet: 'storage-failed',
  laterRange: 'storage-failed',
  laterCount: 'storage-failed',
  laterSnapshot: 'storage-failed',
  earlierSnapshot: 'storage-failed',
  close: 'none',
} as const;

/** Gives each test of the file a directory of its own. */
export function batchDirectory(use: (directory: string) => void): void {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-crash.'));
    use(directory);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
}

/** `prefix` is a program that runs the process, such as strace with its options. */
export function startBatches(
  directory: string,
  first: number,
  count: number,
  prefix: string[] = [],
  adapter: 'lmdb' | 'journal' = 'lmdb',
): BatchProcess {
  if (!existsSync(join(DIST, 'adapters/lmdb-storage.js'))) throw new Error('no compiled code: run `npm run build`');
  const script = join(HERE, 'commit-batches.mjs');
  const [program = '', ...args] = [
    ...prefix,
    process.execPath,
    script,
    DIST,
    directory,
    `${first}`,
    `${count}`,
    adapter,
  ];
  const child = spawn(program, args, {
    // One thread flushes, so that the n-th system call of a kind is the same in every run.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { child, lines: createInterface({ input: child.stdout }), stderr: () => errors };
}

/** Every batch up to `meta/last` is there whole, nothing of any other is, and no acknowledged one is missing. */
export function expectWholeBatches(reader: StorageReader, acknowledged: number): void {
  const last = Number(text(reader.get('meta', bytes('last'))) ?? -1);
  expect(last).toBeGreaterThanOrEqual(acknowledged);
  expect(reader.count('keyspace')).toBe(last + 1);
  expect(reader.count('operations')).toBe(2 * (last + 1));
  for (let number = 0; number <= last; number += 1) {
    const value = reader.get('keyspace', bytes(String(number).padStart(8, '0')));
    expect(value).toEqual(new Uint8Array(100).fill(number & 255));
    expect(text(reader.get('operations', bytes(`${number}-a`)))).toBe(String(number));
    expect(reader.get('operations', bytes(`${number}-b`))?.length).toBe((number % 7) * 3_000);
  }
  const logged = [...reader.range('log', {})].map((entry) => Number(text(entry.value)));
  expect(logged).toEqual([4, 3, 2, 1, 0].map((back) => last - back).filter((number) => number >= 0));
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder().decode(value);
}
