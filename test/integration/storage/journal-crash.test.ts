/** What a killed process and a failing disk leave behind in a journal. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournalStorage } from '../../../src/adapters/journal-storage.js';
import { describeTraced, TRACER } from '../tracer.js';
import { BROKEN_STORAGE, batchDirectory, expectWholeBatches, startBatches } from './batch-process.js';

let directory: string;
batchDirectory((path) => {
  directory = path;
});

/** Runs until it fails or, after `killAfter` batches, is killed. Returns the last batch it acknowledged and what it said. */
async function run(prefix: string[], first = 0, killAfter = Number.POSITIVE_INFINITY) {
  // Who is to be killed never comes to an end by himself, however late that is.
  const count = killAfter === Number.POSITIVE_INFINITY ? 6_000 : 1_000_000;
  const { child, lines, stderr } = startBatches(directory, first, count, prefix, 'journal');
  let acknowledged = first - 1;
  let report: unknown;
  for await (const line of lines) {
    if (line.startsWith('{')) report = JSON.parse(line);
    else acknowledged = Number(line);
    if (acknowledged - first + 1 >= killAfter) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(acknowledged, `nothing failed: ${stderr()}`).toBeLessThan(first + count - 1);
  return { acknowledged, report };
}

/** Returns how many batches are on disk, all of them whole. */
async function batchesThere(acknowledged: number): Promise<number> {
  const storage = await openJournalStorage({ directory });
  try {
    if (acknowledged >= 0) expectWholeBatches(storage, acknowledged);
    return storage.count('keyspace');
  } finally {
    await storage.close();
  }
}

describe('a process that is killed with SIGKILL while it commits', () => {
  it('leaves every batch it has acknowledged and no half of any other, also while the journal is written anew', async () => {
    let there = 0;
    for (const killAfter of [7, 700, 1_100]) {
      const { acknowledged } = await run([], there, killAfter);
      there = await batchesThere(acknowledged);
      expect(there).toBeGreaterThan(acknowledged);
    }
  });
});

describeTraced('a commit on a disk that fails', () => {
  it.each([
    ['its flush', 'fdatasync', 'EIO', /i\/o error/],
    ['a write to a full disk', 'pwrite64', 'ENOSPC', /no space left on device/],
  ] as const)('is rejected at %s, and so is every later call', async (_, call, errno, message) => {
    await batchesThere(-1);
    const path = join(directory, 'journal');
    const { acknowledged, report } = await run([...TRACER, '-P', path, '-e', `inject=${call}:error=${errno}:when=5`]);
    expect(report).toEqual({
      message: expect.stringMatching(message),
      ...BROKEN_STORAGE,
    });
    expect(acknowledged).toBe(11);
    await batchesThere(acknowledged);
  });

  it('is not acknowledged when the process is killed on entering its flush', async () => {
    await batchesThere(-1);
    for (const nth of [1, 3]) {
      await rm(join(directory, 'journal'));
      // Three batches are one flush.
      const { acknowledged } = await run([...TRACER, '-e', `inject=fdatasync:signal=KILL:when=${nth}`]);
      expect(acknowledged).toBe(3 * (nth - 1) - 1);
      expect(await batchesThere(acknowledged)).toBeGreaterThan(acknowledged);
    }
  });
});
