/** Requests that come again under their Idempotency-Key. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { progressWrite, readProgress } from '../../../src/keyspace/ordered/progress.js';
import { retryKey, retryQueueKey } from '../../../src/keyspace/ordered/state-keys.js';
import { OrderedLog } from '../../support/ordered-log.js';
import { A, vector } from '../../support/plane-values.js';

const retry = { key: 'request', fingerprint: 'f' };

/** As if entries without names had filled the log up to `applied`. */
function skipTo(log: OrderedLog, applied: number): void {
  log.state.store([progressWrite({ ...readProgress(log.state), applied })]);
}

describe('a retry', () => {
  it('is answered with the first outcome, and applied once', () => {
    const log = new OrderedLog();
    const first = log.put('k', 'mine', { retry, deps: vector([A, 1]) });
    log.put('k', 'theirs');
    const again = log.put('k', 'mine', { retry, deps: vector([A, 2]) });
    expect(again.outcome).toEqual(first.outcome);
    expect(again.past.equals(first.past)).toBe(true);
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(again.group.body.ops).toEqual([]);
    expect(log.shown('k')).toBe('theirs');
  });

  it('with another body is refused, and changes nothing', () => {
    const log = new OrderedLog();
    log.put('k', 'mine', { retry });
    const other = log.put('k', 'other', { retry: { ...retry, fingerprint: 'g' } });
    expect(other.outcome).toMatchObject({ kind: 'refused', code: 'idempotency-key-reused' });
    expect(log.shown('k')).toBe('mine');
    expect(log.put('k', 'mine', { retry }).replayed).toBe(true);
  });

  it('of a request that failed for good fails again, also if it would now succeed', () => {
    const log = new OrderedLog();
    log.put('k', 'v');
    const create = () => log.put('k', 'w', { retry, condition: { kind: 'absent' } });
    expect(create().outcome).toMatchObject({ code: 'precondition-failed', facts: { etag: '"log.1"' } });
    log.delete('k');
    expect(create()).toMatchObject({ replayed: true, outcome: { code: 'precondition-failed' } });
  });

  it('of a request that may succeed later is decided anew', () => {
    const log = new OrderedLog();
    const acquire = { kind: 'acquire', space: 'lock', name: 'l', owner: 'o', ttlMs: 1, waitMs: 0 } as const;
    log.coordinate(acquire);
    expect(log.coordinate(acquire, { retry })).toMatchObject({ code: 'lock-held' });
    log.coordinate({ kind: 'release', space: 'lock', name: 'l', token: 1 });
    expect(log.coordinate(acquire, { retry })).toMatchObject({ kind: 'held', holder: { token: 4 } });
    expect(log.coordinate(acquire, { retry })).toMatchObject({ kind: 'held', holder: { token: 4 } });
  });

  it('is answered with what a transaction read the first time', () => {
    const log = new OrderedLog();
    log.put('k', 'old');
    const command = { kind: 'txn', checks: [], onSuccess: [{ kind: 'get', key: 'k' }], onFailure: [] } as const;
    const first = log.propose({ command, retry });
    log.put('k', 'new');
    expect(log.propose({ command, retry }).outcome).toEqual(first.outcome);
  });

  it('is known for a window of entries, and then forgotten', () => {
    const log = new OrderedLog();
    log.put('k', 'v', { retry });
    skipTo(log, LIMITS.orderedRetryWindowEntries);
    expect(log.put('k', 'v', { retry }).replayed).toBe(true);
    expect(log.put('k', 'v', { retry }).replayed).toBe(false);
    expect(log.put('k', 'v', { retry }).replayed).toBe(true);
  });

  it('is known for a window of the leaders’ time, which never runs back', () => {
    const log = new OrderedLog();
    log.put('k', 'v', { retry, timeMs: 5 });
    expect(log.put('k', 'v', { retry, timeMs: 5 + LIMITS.idempotencyWindowMs }).replayed).toBe(true);
    log.put('k', 'other', { timeMs: 6 + LIMITS.idempotencyWindowMs });
    expect(log.put('k', 'v', { retry, timeMs: 5 }).replayed).toBe(false);
  });

  it('is not known again because a leader’s clock is behind, also while its outcome waits to be deleted', () => {
    const log = new OrderedLog();
    const name = (i: number) => ({ ...retry, key: `r${i}` });
    for (let i = 0; i < 9; i += 1) log.put('k', 'v', { retry: name(i), timeMs: 5 });
    log.put('k', 'other', { timeMs: 6 + LIMITS.idempotencyWindowMs });
    expect(log.state.get(retryKey('r8'))).toBeDefined();
    expect(log.put('k', 'v', { retry: name(8), timeMs: 5 }).replayed).toBe(false);
  });

  it('leaves nothing in the state once it is forgotten', () => {
    const log = new OrderedLog();
    for (let i = 0; i < 5; i += 1) log.put('k', 'v', { retry: { ...retry, key: `r${i}` }, timeMs: 5 });
    const size = log.state.dump().length;
    log.put('k', 'v', { timeMs: 6 + LIMITS.idempotencyWindowMs });
    log.put('k', 'v', { timeMs: 6 + LIMITS.idempotencyWindowMs });
    expect(log.state.dump()).toHaveLength(size - 10);
  });

  it('is known, and leaves nothing, also if entries without a name came before and after it', () => {
    const log = new OrderedLog();
    for (let i = 0; i < 3; i += 1) log.put('k', `v${i}`, { timeMs: 5 });
    log.put('k', 'v', { retry, timeMs: 5 });
    for (let i = 0; i < 3; i += 1) log.put('k', `v${i}`, { timeMs: 5 });
    const size = log.state.dump().length;
    expect(log.put('k', 'v', { retry, timeMs: 5 }).replayed).toBe(true);
    for (let i = 0; i < 2; i += 1) log.put('k', 'v', { timeMs: 6 + LIMITS.idempotencyWindowMs });
    expect(log.state.dump()).toHaveLength(size - 2);
    expect(readProgress(log.state).retriesFrom).toBe(log.applied + 1);
  });

  it('that comes after its window keeps what is known of it from then on', () => {
    const log = new OrderedLog();
    log.put('k', 'v', { retry });
    skipTo(log, LIMITS.orderedRetryWindowEntries + 1);
    log.put('k', 'v', { retry });
    for (let i = 0; i < 4; i += 1) log.apply(undefined);
    expect([...log.state.range(retryQueueKey(0), Uint8Array.of(4))]).toHaveLength(1);
    expect(log.put('k', 'v', { retry, deps: VersionVector.EMPTY }).replayed).toBe(true);
  });
});
