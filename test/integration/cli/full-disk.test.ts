/** A whole replica on a disk that is full: it says so, ends, and has everything it acknowledged when it runs again. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callKey, TracedReplica } from '../traced-replica.js';
import { describeTraced, TRACER } from '../tracer.js';

const replica = new TracedReplica();

describeTraced('a replica whose disk is full', () => {
  test('ends with one coded sentence, and what it acknowledged is there when it has space again', async () => {
    const log = ['wal-0', 'wal-1'].flatMap((name) => ['-P', join(replica.data, name)]);
    const full = 'inject=pwrite64:error=ENOSPC:when=60+';
    const { command, url } = await replica.serve([...TRACER, ...log, '-e', full]);
    const acknowledged: string[] = [];
    for (let i = 0; i < 500; i += 1) {
      const answer = await callKey(url, 'PUT', `k${i}`).catch(() => undefined);
      if (answer?.status !== 200) break;
      acknowledged.push(`k${i}`);
    }
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.length).toBeLessThan(500);
    const { exit, errors } = await command.finished;
    expect(exit).toBe(1);
    expect(errors).toMatch(/^fatal: Storage failed: .*wal-\d failed: ENOSPC/m);
    expect(errors).toContain('Check space and health of the disk');
    const again = await replica.serve([]);
    for (const key of acknowledged) expect((await callKey(again.url, 'GET', key)).status, key).toBe(200);
  });
});
