/** Locks, leases, elections and fencing. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { type CoordinationCommand, encodeCoordination } from '../../../src/coordination/command.js';
import { readLock } from '../../../src/coordination/lock-state.js';
import { OrderedLog } from '../../support/ordered-log.js';

const lock = { space: 'lock', name: 'l' } as const;
const acquire = (owner: string, waitMs = 0): CoordinationCommand => ({
  kind: 'acquire',
  ...lock,
  owner,
  ttlMs: 10,
  waitMs,
});
const holder = (owner: string, token: number, renewal = token) => ({ owner, token, ttlMs: 10, renewal });

describe('a lock', () => {
  it('is acquired under the index of the entry, and held by one', () => {
    const log = new OrderedLog();
    log.apply(undefined);
    expect(log.coordinate(acquire('anna'))).toEqual({ kind: 'held', holder: holder('anna', 2) });
    expect(log.coordinate(acquire('ben'))).toMatchObject({ code: 'lock-held', facts: { owner: 'anna' } });
    expect(log.coordinate(acquire('anna'))).toMatchObject({ code: 'lock-held', facts: { owner: 'anna' } });
  });

  it('is renewed and released only under its token', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    expect(log.coordinate({ kind: 'renew', ...lock, token: 1 })).toEqual({
      kind: 'held',
      holder: holder('anna', 1, 2),
    });
    for (const kind of ['renew', 'release'] as const) {
      expect(log.coordinate({ kind, ...lock, token: 2 })).toMatchObject({ code: 'fenced', facts: { owner: 'anna' } });
    }
    expect(log.coordinate({ kind: 'release', ...lock, token: 1 })).toEqual({ kind: 'ended', next: undefined });
    expect(log.coordinate({ kind: 'release', ...lock, token: 1 })).toMatchObject({ code: 'fenced' });
    expect(log.coordinate({ kind: 'renew', ...lock, token: 1 })).toMatchObject({ code: 'fenced' });
  });

  it('leaves nothing in the state once it is free', () => {
    const log = new OrderedLog();
    log.apply(undefined);
    const size = log.state.dump().length;
    log.coordinate(acquire('anna'));
    log.coordinate({ kind: 'release', ...lock, token: 2 });
    expect(log.state.dump()).toHaveLength(size);
    expect(log.coordinate(acquire('ben'))).toMatchObject({ holder: { token: 4 } });
  });

  it('goes to those who wait in order of arrival, under the tokens of their own entries', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    expect(log.coordinate(acquire('ben', 5))).toEqual({ kind: 'queued', ticket: 2, ahead: 0 });
    expect(log.coordinate(acquire('cleo', 5))).toEqual({ kind: 'queued', ticket: 3, ahead: 1 });
    expect(log.coordinate(acquire('dora'))).toMatchObject({ code: 'lock-held' });
    expect(log.coordinate({ kind: 'release', ...lock, token: 1 })).toEqual({
      kind: 'ended',
      next: holder('ben', 2, 5),
    });
    expect(log.coordinate({ kind: 'release', ...lock, token: 2 })).toEqual({
      kind: 'ended',
      next: holder('cleo', 3, 6),
    });
    expect(readLock(log.state, 'lock', 'l')).toEqual({ holder: holder('cleo', 3, 6), waiters: [] });
  });

  it('lets at most so many wait', () => {
    const log = new OrderedLog();
    for (let i = 0; i <= LIMITS.lockWaitersMax; i += 1) log.coordinate(acquire('x', 5));
    expect(log.coordinate(acquire('late', 5))).toMatchObject({
      code: 'lock-held',
      detail: expect.stringContaining('128 callers wait'),
    });
  });

  it('is left by who waits no longer, and given to him who already has it', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    log.coordinate(acquire('ben', 5));
    log.coordinate(acquire('cleo', 5));
    expect(log.coordinate({ kind: 'abandon', ...lock, ticket: 2 })).toEqual({ kind: 'abandoned' });
    expect(log.coordinate({ kind: 'abandon', ...lock, ticket: 2 })).toEqual({ kind: 'unchanged' });
    log.coordinate({ kind: 'release', ...lock, token: 1 });
    expect(log.coordinate({ kind: 'abandon', ...lock, ticket: 3 })).toMatchObject({
      kind: 'held',
      holder: { token: 3 },
    });
    log.coordinate({ kind: 'release', ...lock, token: 3 });
    expect(log.coordinate({ kind: 'abandon', ...lock, ticket: 3 })).toEqual({ kind: 'unchanged' });
  });

  it('expires only at the renewal that was outlived', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    log.coordinate(acquire('ben', 5));
    log.coordinate({ kind: 'renew', ...lock, token: 1 });
    const expire = (token: number, renewal: number) => log.coordinate({ kind: 'expire', ...lock, token, renewal });
    expect(expire(1, 1)).toEqual({ kind: 'unchanged' });
    expect(expire(2, 3)).toEqual({ kind: 'unchanged' });
    expect(expire(1, 3)).toEqual({ kind: 'ended', next: holder('ben', 2, 6) });
    expect(expire(1, 3)).toEqual({ kind: 'unchanged' });
    expect(expire(2, 2)).toEqual({ kind: 'unchanged' });
    expect(expire(2, 6)).toEqual({ kind: 'ended', next: undefined });
    expect(expire(2, 6)).toEqual({ kind: 'unchanged' });
  });

  it('is not the election of the same name', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    expect(
      log.coordinate({ kind: 'acquire', space: 'election', name: 'l', owner: 'ben', ttlMs: 10, waitMs: 0 }),
    ).toEqual({
      kind: 'held',
      holder: holder('ben', 2),
    });
    expect(log.coordinate({ kind: 'release', space: 'election', name: 'l', token: 1 })).toMatchObject({
      code: 'fenced',
    });
  });
});

describe('a fencing token', () => {
  const fences = [{ lock: 'l', token: 1 }];

  it('lets the holder write, and no one once the lock has moved on', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    expect(log.put('k', 'v', { fences }).outcome.kind).toBe('written');
    log.coordinate(acquire('ben', 5));
    expect(log.put('k', 'w', { fences }).outcome.kind).toBe('written');
    log.coordinate({ kind: 'expire', ...lock, token: 1, renewal: 1 });
    const late = log.put('k', 'x', { fences });
    expect(late.outcome).toMatchObject({ code: 'fenced', facts: { owner: 'ben' } });
    expect(late.group.body.ops).toEqual([]);
    expect(log.shown('k')).toBe('w');
    expect(log.put('k', 'y', { fences: [{ lock: 'l', token: 3 }] }).outcome.kind).toBe('written');
  });

  it('of a lock that is free, or was never acquired, lets nobody write', () => {
    const log = new OrderedLog();
    expect(log.put('k', 'v', { fences }).outcome).toMatchObject({ code: 'fenced' });
    log.coordinate(acquire('anna'));
    log.coordinate({ kind: 'release', ...lock, token: 2 });
    expect(log.put('k', 'v', { fences: [{ lock: 'l', token: 2 }] }).outcome).toMatchObject({ code: 'fenced' });
  });

  it('is checked for each lock that is named, and guards coordination commands as well', () => {
    const log = new OrderedLog();
    log.coordinate(acquire('anna'));
    const two = [...fences, { lock: 'other', token: 1 }];
    expect(log.put('k', 'v', { fences: two }).outcome).toMatchObject({ code: 'fenced' });
    expect(log.coordinate({ kind: 'next', sequence: 's' }, { fences: two })).toMatchObject({ code: 'fenced' });
    expect(log.coordinate({ kind: 'next', sequence: 's' }, { fences })).toEqual({ kind: 'number', value: 1 });
  });

  it('does not undo what was already answered to the same request', () => {
    const log = new OrderedLog();
    const retry = { key: 'r', fingerprint: 'f' };
    log.coordinate(acquire('anna'));
    log.put('k', 'v', { fences, retry });
    log.coordinate({ kind: 'release', ...lock, token: 1 });
    expect(log.put('k', 'v', { fences, retry })).toMatchObject({ replayed: true, outcome: { kind: 'written' } });
  });
});

describe('a lock command out of bounds', () => {
  it.each([
    ['a negative ttl', { ttlMs: -1 }],
    ['no ttl', { ttlMs: 0 }],
    ['a fractional ttl', { ttlMs: 1.5 }],
    ['a huge ttl', { ttlMs: LIMITS.lockTtlMaxMs + 1 }],
    ['a ttl that is no number', { ttlMs: Number.NaN }],
    ['a negative wait', { waitMs: -1 }],
    ['a huge wait', { waitMs: LIMITS.lockWaitMaxMs + 1 }],
    ['no name', { name: '' }],
    ['a long name', { name: 'ü'.repeat(128) }],
    ['no owner', { owner: '' }],
    ['half a character', { owner: '\ud800' }],
  ])('%s never gets into the log', (_, parts) => {
    const command = { kind: 'acquire', ...lock, owner: 'o', ttlMs: 1, waitMs: 0, ...parts } as const;
    expect(() => encodeCoordination(command)).toThrow(CausewayError);
  });

  it.each([0, -1, 1.5, 2 ** 53])('a token of %d never gets into the log', (token) => {
    expect(() => encodeCoordination({ kind: 'release', ...lock, token })).toThrow('whole number');
    expect(() => encodeCoordination({ kind: 'abandon', ...lock, ticket: token })).toThrow('whole number');
  });
});

describe('what a lock holder saw', () => {
  it('is in the past of the entry by which it released the lock', () => {
    const log = new OrderedLog();
    const { group } = log.put('k', 'v');
    const deps = group.deps.with(group.dot);
    log.coordinate(acquire('anna'));
    const released = log.propose({
      deps,
      command: { kind: 'coordinate', command: encodeCoordination({ kind: 'release', ...lock, token: 2 }) },
    });
    expect(released.group.deps.includes(deps)).toBe(true);
    expect(released.past.covers(released.group.dot)).toBe(true);
  });
});
