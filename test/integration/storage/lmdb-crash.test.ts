/** What a killed process and a failing disk leave behind. */
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openLmdbStorage } from '../../../src/adapters/lmdb-storage.js';
import { describeTraced, TRACER } from '../tracer.js';
import { BROKEN_STORAGE, batchDirectory, expectWholeBatches, startBatches } from './batch-process.js';

let directory: string;
batchDirectory((path) => {
  directory = path;
});

describe('a process that is killed with SIGKILL while it commits', () => {
  it('leaves every batch it has acknowledged and no half of any other, round after round', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    process.stdout.write(`lmdb-crash: SEED=${seed}\n`);
    let random = seed;
    let acknowledged = -1;
    for (let round = 0; round < 8; round += 1) {
      random = (random * 48_271 + 11) % 2_147_483_647;
      const killAfter = 1 + (random % 120);
      const { child, lines } = startBatches(directory, acknowledged + 1, 1_000_000);
      let count = 0;
      for await (const line of lines) {
        acknowledged = Number(line);
        count += 1;
        if (count === killAfter) child.kill('SIGKILL');
      }
      expect(count).toBeGreaterThanOrEqual(killAfter);
      const storage = await openLmdbStorage({ directory });
      expectWholeBatches(storage, acknowledged);
      acknowledged = Number(new TextDecoder().decode(storage.get('meta', new TextEncoder().encode('last'))));
      await storage.close();
    }
  });
});

/** What LMDB writes pages with. */
const STORE_WRITES = 'pwrite64,pwritev,writev';

const faults = [
  { name: 'a write fails', file: 'wal-0', calls: 'pwrite64', errno: 'EIO', message: /wal-0 failed: EIO/ },
  { name: 'the disk is full', file: 'wal-0', calls: 'pwrite64', errno: 'ENOSPC', message: /wal-0 failed: ENOSPC/ },
  {
    name: 'a checkpoint fails to write',
    file: 'data.mdb',
    calls: STORE_WRITES,
    errno: 'EIO',
    message: /data\.mdb failed: .*Input/,
  },
  {
    name: 'a checkpoint fails to sync',
    file: 'data.mdb',
    calls: 'fdatasync',
    errno: 'EIO',
    message: /data\.mdb failed: .*Input/,
  },
] as const;

describeTraced('a commit on a disk that fails', () => {
  for (const { name, file, calls, errno, message } of faults) {
    for (const nth of [10, 11, 12]) {
      it(`is rejected when ${name} (call ${nth}), and so is every later call`, async () => {
        const inject = `inject=${calls}:error=${errno}:when=${nth}`;
        const { acknowledged, report } = await run(['-P', join(directory, file), '-e', inject]);
        expect(report).toEqual({ message: expect.stringMatching(message), ...BROKEN_STORAGE });
        expect(acknowledged).toBeGreaterThanOrEqual(0);
        const storage = await openLmdbStorage({ directory });
        expectWholeBatches(storage, acknowledged);
        await storage.close();
      });
    }
  }

  it('is not acknowledged when the process is killed on entering its write', async () => {
    await (await openLmdbStorage({ directory })).close();
    let there = 0;
    for (const nth of [1, 2, 7]) {
      const inject = ['-P', join(directory, 'wal-0'), '-P', join(directory, 'wal-1')];
      const { acknowledged, report } = await run([...inject, '-e', `inject=pwrite64:signal=KILL:when=${nth}`], there);
      expect(report).toBeUndefined();
      // The first three batches of all begin the log; three more are a record.
      there += (there === 0 ? 3 : 0) + 3 * (nth - 1);
      expect(acknowledged).toBe(there - 1);
      const storage = await openLmdbStorage({ directory });
      expect(storage.count('keyspace')).toBe(there);
      expectWholeBatches(storage, acknowledged);
      await storage.close();
    }
  });
});

interface Outcome {
  readonly acknowledged: number;
  readonly report: unknown;
}

async function run(options: readonly string[], first = 0): Promise<Outcome> {
  const { child, lines, stderr } = startBatches(directory, first, 600, [...TRACER, ...options]);
  let acknowledged = first - 1;
  let report: unknown;
  for await (const line of lines) {
    if (line.startsWith('{')) report = JSON.parse(line);
    else acknowledged = Number(line);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (report !== undefined) expect(child.exitCode).toBe(0);
  expect(acknowledged, `nothing failed within 600 batches: ${stderr()}`).toBeLessThan(first + 599);
  return { acknowledged, report };
}
