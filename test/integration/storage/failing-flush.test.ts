/**
 * A whole replica whose flushes fail, or that is killed as one begins: the calls are counted, so each run is the same. What
 * flushes a commit is the write to the log.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Finished, until } from '../lab/command.js';
import { callKey, TracedReplica } from '../traced-replica.js';
import { describeTraced, TRACER } from '../tracer.js';

/** Stops the process at nothing but the calls in question; strace injects no signals that way. */
const QUICKLY = '--seccomp-bpf';
const LEVELS = ['causal', 'linearizable'] as const;

const replica = new TracedReplica();

const logWrites = () => {
  const paths = ['wal-0', 'wal-1'].flatMap((name) => ['-P', join(replica.data, name)]);
  return [...paths, '-e', 'trace=pwrite64'];
};

/** Write at both levels in turn until the process ends under the fault; then start it again and look. */
async function writeUntilItEnds(
  ...fault: readonly string[]
): Promise<{ readonly acknowledged: number; readonly end: Finished }> {
  const { command, url } = await replica.serve([...TRACER, ...logWrites(), ...fault]);
  await until('it leads', async () => (await callKey(url, 'PUT', 'first', 'linearizable')).status === 200);
  const acknowledged = ['first'];
  for (let i = 0; i < 500; i += 1) {
    const key = `k${i}`;
    const answer = await callKey(url, 'PUT', key, LEVELS[i % 2]).catch(() => undefined);
    if (answer?.status !== 200) break;
    acknowledged.push(key);
  }
  if (acknowledged.length > 500) throw new Error('it goes on in spite of the fault');
  const end = await command.finished;
  const again = await replica.serve([]);
  await until('it leads', async () => (await callKey(again.url, 'GET', 'first', 'linearizable')).status === 200);
  for (const key of acknowledged) {
    for (const level of LEVELS) {
      expect((await callKey(again.url, 'GET', key, level)).status, `${key} at ${level}`).toBe(200);
    }
  }
  return { acknowledged: acknowledged.length, end };
}

describeTraced('known bug 08: an error of fsync is passed over', () => {
  test('one flush that fails ends the replica, though the next would succeed, and costs nothing acknowledged', async () => {
    const { acknowledged, end } = await writeUntilItEnds(QUICKLY, '-e', 'inject=pwrite64:error=EIO:when=40');
    expect(acknowledged).toBeGreaterThan(3);
    expect(acknowledged).toBeLessThan(100);
    expect(end.exit).toBe(1);
    expect(end.errors).toMatch(/^fatal: Storage failed: .*wal-\d failed: EIO/m);
  });
});

describeTraced('known bug 04: a leader counts itself before its own disk has the entry', () => {
  test('a replica alone that is killed as a flush begins had acknowledged nothing of it', async () => {
    const { acknowledged, end } = await writeUntilItEnds('-e', 'inject=pwrite64:signal=KILL:when=40');
    expect(acknowledged).toBeGreaterThan(3);
    expect(acknowledged).toBeLessThan(100);
    expect(end.exit).not.toBe(0);
  });
});
