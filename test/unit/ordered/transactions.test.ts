/** Transactions: all of one branch, or nothing. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { encodeBody } from '../../../src/keyspace/group-body.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import { entryOf, OrderedLog, putOp } from '../../support/ordered-log.js';

describe('a transaction', () => {
  it('runs its first branch if every check holds, else the other', () => {
    const log = new OrderedLog();
    log.put('a', '1');
    const swap = {
      checks: [
        { key: 'a', condition: { kind: 'value', bytes: utf8Encode('1') } },
        { key: 'b', condition: { kind: 'absent' } },
      ] as const,
      onSuccess: [putOp('a', '2'), putOp('b', '1')],
      onFailure: [{ kind: 'get', key: 'a' } as const],
    };
    expect(log.txn(swap).outcome).toMatchObject({
      kind: 'txn',
      succeeded: true,
      results: [
        { kind: 'written', key: 'a', existed: true },
        { kind: 'written', key: 'b', existed: false },
      ],
    });
    expect(log.txn(swap).outcome).toMatchObject({
      succeeded: false,
      results: [{ kind: 'found', key: 'a', version: { dot: { counter: 2 } }, conflicts: 0 }],
    });
    expect([log.shown('a'), log.shown('b')]).toEqual(['2', '1']);
  });

  it('writes everything under one dot, as one group', () => {
    const log = new OrderedLog();
    const { group } = log.txn({
      onSuccess: [putOp('a', '1'), { kind: 'delete', key: 'b' }, { kind: 'get', key: 'c' }],
    });
    expect(group.body.ops.map(({ kind, key, seen }) => [kind, key, seen])).toEqual([
      ['put', 'a', 1],
      ['delete', 'b', 1],
    ]);
    expect(log.record('a')[0]?.dot).toEqual(group.dot);
    expect(log.record('b')[0]?.dot).toEqual(group.dot);
  });

  it('reads what was there before it', () => {
    const log = new OrderedLog();
    expect(log.txn({ onSuccess: [{ kind: 'get', key: 'a' }, putOp('b', '1')] }).outcome).toMatchObject({
      results: [
        { kind: 'absent', key: 'a' },
        { kind: 'written', key: 'b' },
      ],
    });
  });

  it('that only reads writes nothing', () => {
    const log = new OrderedLog();
    log.put('a', '1');
    const { writes, group } = log.txn({ onSuccess: [{ kind: 'get', key: 'a' }] });
    expect(writes).toEqual([]);
    expect(group.body.ops).toEqual([]);
  });

  it('that would read more than an answer may hold is refused, and writes nothing', () => {
    const log = new OrderedLog();
    log.put('a', 'x'.repeat(LIMITS.valueMaxBytes));
    log.put('b', 'x'.repeat(LIMITS.valueMaxBytes));
    const { outcome } = log.txn({ onSuccess: [{ kind: 'get', key: 'a' }, { kind: 'get', key: 'b' }, putOp('c', '1')] });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'value-too-large' });
    expect(log.shown('c')).toBeUndefined();
  });

  it.each([
    ['no operations', { onSuccess: [] }, '0 operations'],
    ['129 operations', { onSuccess: Array.from({ length: 129 }, (_, i) => putOp(`k${i}`, '')) }, '129 operations'],
    ['a key twice', { onSuccess: [putOp('k', '1'), { kind: 'get', key: 'k' } as const] }, 'names a key twice'],
    ['an empty key', { onSuccess: [putOp('', '1')] }, 'empty key'],
    [
      'more than a group holds',
      { onSuccess: [putOp('a', 'x'.repeat(500_000)), putOp('b', 'x'.repeat(500_000))] },
      'transaction of',
    ],
  ])('with %s never gets into the log', (_, parts, reason) => {
    const command = { kind: 'txn', checks: [], onFailure: [], ...parts } as const;
    expect(() => encodeEntry(entryOf({ command }))).toThrow(CausewayError);
    expect(() => encodeEntry(entryOf({ command }))).toThrow(reason);
  });

  it('that gets into the log fits into one group, also with long names', () => {
    const put = (i: number, bytes: number) => {
      const name = `${i}`.padEnd(250, 'x');
      return { kind: 'put', key: name, contentType: name, bytes: new Uint8Array(bytes) } as const;
    };
    const each = Math.floor(LIMITS.groupMaxBytes / 128);
    const sizes = Array.from({ length: 40 }, (_, i) => each - i * 50);
    const fits = sizes.map((bytes) => {
      const log = new OrderedLog();
      try {
        const { group } = log.txn({ onSuccess: Array.from({ length: 128 }, (_, i) => put(i, bytes)) });
        return encodeBody(group.body).length;
      } catch (error) {
        if (!(error instanceof CausewayError)) throw error;
        return undefined;
      }
    });
    const accepted = fits.filter((length) => length !== undefined);
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length).toBeLessThan(sizes.length);
    expect(Math.max(...accepted)).toBeLessThanOrEqual(LIMITS.groupMaxBytes);
  });

  it('of 128 operations on 128 keys is one group', () => {
    const log = new OrderedLog();
    const { group } = log.txn({ onSuccess: Array.from({ length: 128 }, (_, i) => putOp(`k${i}`, '')) });
    expect(group.body.ops).toHaveLength(128);
  });
});
