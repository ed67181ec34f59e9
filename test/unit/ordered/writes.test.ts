/** What single linearizable writes do to the ordered view, and what they tell. */
import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { encodeCoordination } from '../../../src/coordination/command.js';
import { OrderedLog } from '../../support/ordered-log.js';
import { plain } from '../../support/plain.js';
import { A, B, vector } from '../../support/plane-values.js';

const dot = (counter: number) => ({ origin: LOG_ORIGIN, counter });

describe('a linearizable write', () => {
  it('is a version of the log that has seen itself, in the state and in its group', () => {
    const log = new OrderedLog();
    const { outcome, group, past } = log.put('k', 'v', { deps: vector([A, 3]), hlc: { ms: 7, logical: 1 } });
    expect(outcome).toEqual({ kind: 'written', dot: dot(1), existed: false });
    expect(plain(log.record('k'))).toEqual(
      plain([
        {
          kind: 'value',
          dot: dot(1),
          hlc: { ms: 7, logical: 1 },
          deps: vector([A, 3]),
          seen: 1,
          twins: [],
          contentType: 'text/plain',
          bytes: new TextEncoder().encode('v'),
        },
      ]),
    );
    expect(group.dot).toEqual(dot(1));
    expect(plain(group.deps)).toEqual(plain(vector([A, 3])));
    expect(group.body.ops).toMatchObject([{ kind: 'put', key: 'k', seen: 1 }]);
    expect(plain(past)).toEqual(plain(vector([A, 3], [LOG_ORIGIN, 1])));
  });

  it('depends on what it supersedes, and on all that had in its past', () => {
    const log = new OrderedLog();
    log.put('k', 'old', { deps: vector([A, 3]) });
    const { group } = log.put('k', 'new', { deps: vector([B, 2]) });
    expect(plain(group.deps)).toEqual(plain(vector([A, 3], [B, 2], [LOG_ORIGIN, 1])));
    expect(log.record('k')).toHaveLength(1);
    expect(log.shown('k')).toBe('new');
  });

  it('depends on nothing of keys it does not touch', () => {
    const log = new OrderedLog();
    log.put('other', 'v', { deps: vector([A, 3]) });
    expect(log.put('k', 'v').group.deps.size).toBe(0);
  });

  it('deletes what is not there as well', () => {
    const log = new OrderedLog();
    expect(log.delete('k').outcome).toEqual({ kind: 'written', dot: dot(1), existed: false });
    expect(log.record('k')).toMatchObject([{ kind: 'tombstone', seen: 1 }]);
    log.put('k', 'v');
    expect(log.delete('k').outcome).toMatchObject({ existed: true });
    expect(log.shown('k')).toBeUndefined();
  });
});

describe('a refusal', () => {
  const claim = (owner: string) => encodeCoordination({ kind: 'claim', namespace: 'n', value: 'v', owner });

  it.each([
    [
      'by what an object holds',
      (log: OrderedLog) => log.propose({ command: { kind: 'coordinate', command: claim('b') } }),
    ],
    ['by a lock that has moved on', (log: OrderedLog) => log.put('k', 'v', { fences: [{ lock: 'l', token: 7 }] })],
    ['by a constraint', (log: OrderedLog) => log.put('p/2', '{"f":1}')],
  ])('%s tells of the log up to its entry', (_, refuse) => {
    const log = new OrderedLog();
    log.coordinate({ kind: 'claim', namespace: 'n', value: 'v', owner: 'a' });
    log.coordinate({ kind: 'declare', name: 'c', prefix: 'p/', field: '/f' });
    log.put('p/1', '{"f":1}');
    const { outcome, past, group } = refuse(log);
    expect(outcome.kind).toBe('refused');
    expect(plain(past)).toEqual(plain(vector([LOG_ORIGIN, 4])));
    expect(group.body.ops).toEqual([]);
  });
});

describe('a condition', () => {
  const tags = (...counters: number[]) => ({ kind: 'etag', dots: counters.map(dot) }) as const;

  it('on an entity tag holds for the version that bears it, and no other', () => {
    const log = new OrderedLog();
    log.put('k', 'one');
    expect(log.put('k', 'two', { condition: tags(9, 1) }).outcome.kind).toBe('written');
    const failed = log.put('k', 'three', { condition: tags(1) });
    expect(failed.outcome).toMatchObject({ kind: 'refused', code: 'precondition-failed', facts: { etag: '"log.2"' } });
    expect(log.shown('k')).toBe('two');
  });

  it('on an entity tag never holds for what is deleted', () => {
    const log = new OrderedLog();
    log.delete('k');
    expect(log.put('k', 'v', { condition: tags(1) }).outcome).toMatchObject({ facts: { etag: null } });
  });

  it('that the key is absent creates it once', () => {
    const log = new OrderedLog();
    expect(log.put('k', 'v', { condition: { kind: 'absent' } }).outcome).toMatchObject({ existed: false });
    expect(log.put('k', 'w', { condition: { kind: 'absent' } }).outcome.kind).toBe('refused');
    log.delete('k');
    expect(log.put('k', 'w', { condition: { kind: 'absent' } }).outcome.kind).toBe('written');
  });

  it('that the key exists guards a deletion', () => {
    const log = new OrderedLog();
    expect(log.delete('k', { kind: 'exists' }).outcome.kind).toBe('refused');
    log.put('k', 'v');
    expect(log.delete('k', { kind: 'exists' }).outcome.kind).toBe('written');
  });

  it('that fails leaves an empty group, and tells what the session has now seen', () => {
    const log = new OrderedLog();
    log.put('k', 'v', { deps: vector([A, 3]) });
    const { group, past } = log.put('k', 'w', { condition: { kind: 'absent' }, deps: vector([B, 2]) });
    expect(group.body.ops).toEqual([]);
    expect(group.deps.size).toBe(0);
    expect(plain(past)).toEqual(plain(vector([A, 3], [LOG_ORIGIN, 1])));
  });

  it('that holds puts what it looked at into the past of the write', () => {
    const log = new OrderedLog();
    log.put('looked', 'v', { deps: vector([A, 3]) });
    const { group } = log.txn({
      checks: [{ key: 'looked', condition: { kind: 'exists' } }],
      onSuccess: [{ kind: 'put', key: 'k', contentType: '', bytes: new Uint8Array() }],
    });
    expect(plain(group.deps)).toEqual(plain(vector([A, 3], [LOG_ORIGIN, 1])));
  });
});

describe('an entry that is none of ours', () => {
  it('takes its index and has an empty group under the last stamp', () => {
    const log = new OrderedLog();
    log.put('k', 'v', { hlc: { ms: 5, logical: 0 } });
    const { group, outcome, writes } = log.apply(undefined);
    expect(group).toMatchObject({ dot: dot(2), hlc: { ms: 5, logical: 0 }, body: { ops: [] } });
    expect(outcome).toEqual({ kind: 'done' });
    expect(writes).toEqual([]);
    expect(log.put('k', 'w').group.dot).toEqual(dot(3));
  });
});
