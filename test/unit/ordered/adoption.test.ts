/** Writes of the weaker levels entering the linearizable order. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN, type Origin } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { formatDot } from '../../../src/clocks/dot.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type KeyRecord, pastOf } from '../../../src/keyspace/key-record.js';
import { adoptable, mayForget, mayForgetOrdered, splitAdoptions } from '../../../src/keyspace/ordered/adoption.js';
import { NOTHING_FORGOTTEN } from '../../../src/keyspace/ordered/progress.js';
import type { Version } from '../../../src/keyspace/version.js';
import { OrderedLog } from '../../support/ordered-log.js';
import { A, B, C, vector } from '../../support/plane-values.js';

function value(origin: Origin, counter: number, deps = VersionVector.EMPTY, rest: Partial<Version> = {}): Version {
  const stem = { dot: { origin, counter }, hlc: { ms: counter, logical: 0 }, deps, seen: 0, twins: [], ...rest };
  return { ...stem, kind: 'value', contentType: 'text/plain', bytes: utf8Encode(`${origin}.${counter}`) };
}

function tombstone(origin: Origin, counter: number, deps = VersionVector.EMPTY): Version {
  return { kind: 'tombstone', dot: { origin, counter }, hlc: { ms: counter, logical: 0 }, deps, seen: 0, twins: [] };
}

const dots = (record: KeyRecord) => record.map(({ dot }) => formatDot(dot));
const names = (...counters: [Origin, number][]) => counters.map(([origin, counter]) => formatDot({ origin, counter }));

describe('an adopted version', () => {
  it('is shown, and the next linearizable write supersedes it', () => {
    const log = new OrderedLog();
    log.propose({ adopted: [{ key: 'k', versions: [value(A, 4, vector([B, 1]))] }] });
    expect(log.shown('k')).toBe(`${A}.4`);
    const { group, outcome } = log.put('k', 'v');
    expect(outcome).toMatchObject({ existed: true });
    expect(group.deps.covers({ origin: A, counter: 4 }) && group.deps.covers({ origin: B, counter: 1 })).toBe(true);
    expect(dots(log.record('k'))).toEqual(['log.2']);
  });

  it('comes in once, however many entries bring it', () => {
    const log = new OrderedLog();
    const adopted = [{ key: 'k', versions: [value(A, 1), value(B, 1)] }];
    log.propose({ adopted });
    const after = log.state.get(Uint8Array.of(1, 107));
    expect(log.propose({ adopted }).writes).toEqual([]);
    expect(log.state.get(Uint8Array.of(1, 107))).toEqual(after);
  });

  it('does not come back once it is superseded, by the log or by a later weaker write', () => {
    const log = new OrderedLog();
    const old = { key: 'k', versions: [value(A, 1)] };
    log.propose({ adopted: [old] });
    log.put('k', 'v');
    log.propose({ adopted: [old] });
    expect(dots(log.record('k'))).toEqual(['log.2']);
    log.propose({ adopted: [{ key: 'k', versions: [value(B, 1, vector([A, 1], [LOG_ORIGIN, 2]), { seen: 2 })] }] });
    log.propose({ adopted: [old] });
    expect(dots(log.record('k'))).toEqual(names([B, 1]));
  });

  it('that knows the linearizable write supersedes it, one that does not loses to it', () => {
    const log = new OrderedLog();
    log.put('k', 'v');
    const late = value(A, 1, VersionVector.EMPTY, { hlc: { ms: 2 ** 47, logical: 0 } });
    log.propose({ adopted: [{ key: 'k', versions: [late] }] });
    expect(dots(log.record('k'))).toEqual(['log.1', `${A}.1`]);
    expect(log.shown('k')).toBe('v');
  });

  it('comes in although the condition of the entry fails, and is what the condition sees', () => {
    const log = new OrderedLog();
    const adopted = [{ key: 'k', versions: [value(A, 1)] }];
    const failed = log.put('k', 'v', { adopted, condition: { kind: 'absent' } });
    expect(failed.outcome).toMatchObject({ code: 'precondition-failed', facts: { etag: `"${A}.1"` } });
    expect(log.shown('k')).toBe(`${A}.1`);
  });

  it('is matched by the tag of a twin, and unites with it', () => {
    const log = new OrderedLog();
    log.propose({ adopted: [{ key: 'k', versions: [value(A, 1)] }] });
    const twin = { origin: B, counter: 7 };
    log.propose({ adopted: [{ key: 'k', versions: [value(A, 1, VersionVector.EMPTY, { twins: [twin] })] }] });
    expect(log.record('k')).toHaveLength(1);
    expect(log.put('k', 'v', { condition: { kind: 'etag', dots: [twin] } }).outcome.kind).toBe('written');
  });
});

describe('what a proposer adopts', () => {
  it('is what the ordered view neither has nor has superseded', () => {
    const ordered = [value(B, 2, vector([A, 1]))];
    const causal = [value(C, 1), value(B, 2, vector([A, 1])), value(A, 1)];
    expect(dots(adoptable(ordered, causal, NOTHING_FORGOTTEN))).toEqual(names([C, 1]));
  });

  it('is never a version of the log', () => {
    expect(adoptable([], [value(LOG_ORIGIN, 3)], NOTHING_FORGOTTEN)).toEqual([]);
  });

  it('is cut into parts that fit an entry, and lose nothing', () => {
    const big = (origin: Origin, counter: number) => ({
      ...value(origin, counter),
      bytes: new Uint8Array(LIMITS.valueMaxBytes),
    });
    const adoptions = [
      { key: 'a', versions: [big(A, 1), big(B, 1)] },
      { key: 'b', versions: [value(C, 1)] },
    ];
    const parts = splitAdoptions(adoptions);
    expect(parts.map((part) => part.map(({ key, versions }) => [key, versions.length]))).toEqual([
      [['a', 1]],
      [
        ['a', 1],
        ['b', 1],
      ],
    ]);
    const many = Array.from({ length: 3_000 }, (_, i) => ({ key: `k${i}`, versions: [value(A, i + 1)] }));
    expect(splitAdoptions(many).flat()).toEqual(many);
    expect(Math.max(...splitAdoptions(many).map((part) => part.length))).toBeLessThanOrEqual(LIMITS.adoptionMaxKeys);
  });
});

describe('forgetting', () => {
  const dead = tombstone(A, 2, vector([A, 1]));

  it('waits, in the causal view, until the ordered view has adopted the deletion of what it holds', () => {
    const forgotten = { stable: vector([A, 2]), at: 5 };
    expect(mayForget([dead], [value(A, 1)], forgotten)).toBe(false);
    expect(mayForget([dead], [dead], forgotten)).toBe(true);
    expect(mayForget([dead], [], forgotten)).toBe(true);
    expect(mayForget([dead], [], { stable: vector([A, 1]), at: 5 })).toBe(false);
    expect(mayForget([value(A, 1)], [], forgotten)).toBe(false);
  });

  it('names a key for the ordered view only if neither view shows more than deletions', () => {
    const stable = vector([A, 2]);
    expect(mayForgetOrdered([dead], [dead], stable)).toBe(true);
    expect(mayForgetOrdered([], [dead], stable)).toBe(true);
    expect(mayForgetOrdered([], [], stable)).toBe(false);
    expect(mayForgetOrdered([dead, value(B, 1)], [dead], stable)).toBe(false);
    expect(mayForgetOrdered([dead], [dead], vector([A, 1]))).toBe(false);
  });

  it('drops stable tombstones and nothing else', () => {
    const log = new OrderedLog();
    log.put('kept', 'v');
    log.delete('gone');
    log.delete('young');
    const stable = vector([LOG_ORIGIN, 2]);
    log.propose({ command: { kind: 'forget', stable, keys: ['kept', 'gone', 'young', 'unknown'] } });
    expect(log.shown('kept')).toBe('v');
    expect(log.record('gone')).toEqual([]);
    expect(log.record('young')).toHaveLength(1);
  });

  it('makes what was judged before it stale: a version deleted since does not come back', () => {
    const log = new OrderedLog();
    const base = log.applied;
    log.propose({ adopted: [{ key: 'k', versions: [dead] }] });
    log.propose({ command: { kind: 'forget', stable: vector([A, 2]), keys: ['k'] } });
    const late = log.put('k', 'v', { base, adopted: [{ key: 'k', versions: [value(A, 1)] }] });
    expect(late.outcome).toEqual({ kind: 'stale' });
    expect(late.group.body.ops).toEqual([]);
    expect(log.record('k')).toEqual([]);
  });

  it('that adds nothing makes nothing stale', () => {
    const log = new OrderedLog();
    log.propose({ command: { kind: 'forget', stable: vector([A, 2]), keys: [] } });
    const base = log.applied;
    log.propose({ command: { kind: 'forget', stable: vector([A, 1]), keys: [] } });
    expect(log.put('k', 'v', { base }).outcome.kind).toBe('written');
  });

  it('leaves commands on coordination objects as good as they were', () => {
    const log = new OrderedLog();
    log.propose({ command: { kind: 'forget', stable: vector([A, 2]), keys: [] } });
    expect(log.coordinate({ kind: 'next', sequence: 's' }, { base: 0 })).toEqual({ kind: 'number', value: 1 });
  });

  it('goes into the past of every later write, because only some may have forgotten yet', () => {
    const log = new OrderedLog();
    log.propose({ command: { kind: 'forget', stable: vector([A, 2]), keys: [] } });
    expect(log.put('k', 'v').group.deps.includes(vector([A, 2]))).toBe(true);
    expect(pastOf(log.record('k'), VersionVector.EMPTY).includes(vector([A, 2]))).toBe(true);
  });

  it('does not let a forgotten deletion in again', () => {
    const log = new OrderedLog();
    log.propose({ command: { kind: 'forget', stable: vector([A, 2]), keys: [] } });
    log.propose({ adopted: [{ key: 'k', versions: [dead] }] });
    expect(log.record('k')).toEqual([]);
  });
});
