import { describe, expect, it } from 'vitest';
import { type MemoryStorage, openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN, makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { GroupBody, GroupStem } from '../../../src/keyspace/group-body.js';
import { KeyspaceTurn, readRecord } from '../../../src/replica/causal/keyspace-turn.js';
import { OrderedLog } from '../../support/ordered-log.js';

const A = makeOrigin(parseReplicaId('r1'), 1);
const B = makeOrigin(parseReplicaId('r2'), 2);

function stem(origin: typeof A, counter: number, deps = VersionVector.EMPTY, ms = 1_000 + counter): GroupStem {
  return { dot: { origin, counter }, hlc: { ms, logical: 0 }, deps };
}

function puts(keys: readonly string[], retry?: string): GroupBody {
  return {
    retry: retry === undefined ? undefined : { key: retry, fingerprint: 'f' },
    ops: keys.map((key) => ({ kind: 'put', key, seen: 0, contentType: 'text/plain', bytes: utf8Encode(key) })),
  };
}

function deletes(key: string): GroupBody {
  return { retry: undefined, ops: [{ kind: 'delete', key, seen: 0 }] };
}

async function commit(storage: MemoryStorage, turn: KeyspaceTurn): Promise<number> {
  const { writes, liveKeysDelta } = turn.finish();
  await storage.commit(writes);
  return liveKeysDelta;
}

describe('a turn', () => {
  it('shows its own changes at once, and storage all of them at its end', async () => {
    const storage = openMemoryStorage();
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 1), puts(['x', 'y']));
    expect(turn.record('x').map(({ dot }) => dot.counter)).toEqual([1]);
    turn.deliver(stem(A, 2, VersionVector.of([[A, 1]])), puts(['x']));
    expect(turn.record('x').map(({ dot }) => dot.counter)).toEqual([2]);
    expect(storage.count('keyspace')).toBe(0);
    expect(await commit(storage, turn)).toBe(2);
    expect(readRecord(storage, utf8Encode('x')).map(({ dot }) => dot.counter)).toEqual([2]);
    expect(readRecord(storage, utf8Encode('y')).map(({ dot }) => dot.counter)).toEqual([1]);
  });

  it('writes nothing of what it only read', () => {
    const turn = new KeyspaceTurn(openMemoryStorage());
    expect(turn.record('x')).toEqual([]);
    turn.forgetIfStable('y', VersionVector.EMPTY);
    expect(turn.finish()).toEqual({ writes: [], liveKeysDelta: 0 });
  });

  it('counts a key as live while its winner is a value, whatever else it went through', async () => {
    const storage = openMemoryStorage();
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 1), puts(['x']));
    turn.deliver(stem(A, 2, VersionVector.of([[A, 1]])), deletes('x'));
    turn.deliver(stem(A, 3), puts(['y']));
    expect(await commit(storage, turn)).toBe(1);
    const next = new KeyspaceTurn(storage);
    next.deliver(stem(A, 4, VersionVector.of([[A, 3]])), deletes('y'));
    expect(await commit(storage, next)).toBe(-1);
    const sibling = new KeyspaceTurn(storage);
    sibling.deliver(stem(B, 1, VersionVector.EMPTY, 9_000), puts(['y']));
    expect(await commit(storage, sibling)).toBe(1);
  });

  it('forgets a key only if all that is left of it are tombstones inside the stable cut', async () => {
    const storage = openMemoryStorage();
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 1), deletes('gone'));
    turn.deliver(stem(A, 2), deletes('recent'));
    turn.deliver(stem(A, 1), puts(['live']));
    turn.deliver(stem(A, 1), deletes('mixed'));
    turn.deliver(stem(B, 1, VersionVector.EMPTY, 1), puts(['mixed']));
    await commit(storage, turn);
    const stable = VersionVector.of([
      [A, 1],
      [B, 1],
    ]);
    const next = new KeyspaceTurn(storage);
    for (const key of ['gone', 'recent', 'live', 'mixed', 'never']) next.forgetIfStable(key, stable);
    const { writes } = next.finish();
    expect(writes).toEqual([{ kind: 'delete', table: 'keyspace', key: utf8Encode('gone') }]);
  });

  it('keeps a deletion that the ordered view has not adopted, or the value would come back', () => {
    const ordered = new OrderedLog();
    ordered.put('adopted', 'v');
    ordered.put('other', 'v');
    const turn = new KeyspaceTurn(openMemoryStorage(), ordered.state);
    const deps = VersionVector.of([[LOG_ORIGIN, 2]]);
    for (const [i, key] of ['adopted', 'other', 'unknown'].entries()) turn.deliver(stem(A, i + 1, deps), deletes(key));
    ordered.propose({ deps, adopted: [{ key: 'adopted', versions: turn.record('adopted') }] });
    for (const key of ['adopted', 'other', 'unknown']) turn.forgetIfStable(key, VersionVector.of([[A, 3]]));
    expect(['adopted', 'other', 'unknown'].map((key) => turn.record(key).length)).toEqual([0, 1, 0]);
  });

  it('keeps the outcome of a retried request for the window and no longer', async () => {
    const storage = openMemoryStorage();
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 1, VersionVector.EMPTY, 1_000), puts(['x'], 'retry'));
    expect(turn.retry({ key: 'retry', fingerprint: 'f' }, 1_000)?.dot).toEqual({ origin: A, counter: 1 });
    await commit(storage, turn);
    const later = new KeyspaceTurn(storage);
    expect(later.retry({ key: 'retry', fingerprint: 'f' }, 1_000 + LIMITS.idempotencyWindowMs)?.dot.counter).toBe(1);
    expect(later.retry({ key: 'retry', fingerprint: 'f' }, 1_001 + LIMITS.idempotencyWindowMs)).toBeUndefined();
    expect(later.retry({ key: 'another', fingerprint: 'f' }, 1_000)).toBeUndefined();
  });

  it('takes the same request delivered under two dots for one write', async () => {
    const storage = openMemoryStorage();
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 1, VersionVector.EMPTY, 1_000), puts(['x'], 'retry'));
    turn.deliver(stem(B, 1, VersionVector.EMPTY, 2_000), puts(['x'], 'retry'));
    expect(turn.record('x').map(({ dot, twins }) => [dot.origin, twins.map(({ origin }) => origin)])).toEqual([
      [B, [A]],
    ]);
    expect(turn.retry({ key: 'retry', fingerprint: 'f' }, 2_000)?.dot).toEqual({ origin: A, counter: 1 });
  });

  it('takes requests that share an Idempotency-Key and nothing else for two writes, and keeps both', () => {
    const turn = new KeyspaceTurn(openMemoryStorage());
    const other: GroupBody = { ...puts(['y']), retry: { key: 'retry', fingerprint: 'other' } };
    turn.deliver(stem(A, 1), puts(['x'], 'retry'));
    turn.deliver(stem(B, 1), other);
    expect(turn.record('x')).toHaveLength(1);
    expect(turn.record('y')).toHaveLength(1);
  });

  it('forgets the outcome of a request unless it was renewed meanwhile', async () => {
    const storage = openMemoryStorage();
    const first = new KeyspaceTurn(storage);
    first.deliver(stem(A, 1), puts(['x'], 'one'));
    first.deliver(stem(A, 2), puts(['y'], 'two'));
    await commit(storage, first);
    const turn = new KeyspaceTurn(storage);
    turn.deliver(stem(A, 3, VersionVector.EMPTY, 1_000 + 2 * LIMITS.idempotencyWindowMs), puts(['z'], 'two'));
    for (const entry of [...storage.range('retries', {})]) turn.forgetRetry(entry.key);
    await commit(storage, turn);
    const after = new KeyspaceTurn(storage);
    expect(after.retry({ key: 'one', fingerprint: 'f' }, 1_000)).toBeUndefined();
    expect(after.retry({ key: 'two', fingerprint: 'f' }, 1_000)?.dot.counter).toBe(3);
  });

  it('stops with the name of the damage where a stored record or outcome cannot be read', async () => {
    const storage = openMemoryStorage();
    const first = new KeyspaceTurn(storage);
    first.deliver(stem(A, 1), puts(['x'], 'one'));
    await commit(storage, first);
    for (const table of ['keyspace', 'retries'] as const) {
      for (const { key } of [...storage.range(table, {})]) {
        await storage.commit([{ kind: 'put', table, key, value: Uint8Array.of(9, 9) }]);
      }
    }
    const turn = new KeyspaceTurn(storage);
    expect(() => turn.record('x')).toThrow(expect.objectContaining({ code: 'data-dir-corrupt' }));
    expect(() => turn.retry({ key: 'one', fingerprint: 'f' }, 0)).toThrow(
      expect.objectContaining({ code: 'data-dir-corrupt' }),
    );
  });
});
