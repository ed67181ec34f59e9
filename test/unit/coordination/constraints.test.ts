/** Declared unique constraints, claims and sequences. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { constraintOver, readCatalog, readConstraint } from '../../../src/coordination/catalog.js';
import { readClaim } from '../../../src/coordination/claims.js';
import { encodeCoordination } from '../../../src/coordination/command.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { readSequence } from '../../../src/coordination/sequences.js';
import type { Coordinator } from '../../../src/keyspace/ordered/coordinator.js';
import type { Version } from '../../../src/keyspace/version.js';
import { OrderedLog, putOp } from '../../support/ordered-log.js';
import { A } from '../../support/plane-values.js';

const declaration = { kind: 'declare', name: 'mail', prefix: 'user/', field: '/mail' } as const;
const user = (mail: unknown) => JSON.stringify({ mail });

function declared(): OrderedLog {
  const log = new OrderedLog();
  expect(log.coordinate(declaration)).toEqual({ kind: 'declared', created: true });
  return log;
}

function weak(key: string, counter: number, text: string): { key: string; versions: Version[] } {
  const stem = {
    dot: { origin: A, counter },
    hlc: { ms: 1, logical: 0 },
    deps: VersionVector.EMPTY,
    seen: 0,
    twins: [],
  };
  return { key, versions: [{ ...stem, kind: 'value', contentType: '', bytes: utf8Encode(text) }] };
}

describe('a unique constraint', () => {
  it('gives a value to one key, and names it to the other', () => {
    const log = declared();
    log.put('user/a', user('x'));
    const second = log.put('user/b', user('x'));
    expect(second.outcome).toMatchObject({ code: 'unique-violation', facts: { owner: 'user/a' } });
    expect(second.group.body.ops).toEqual([]);
    expect(log.shown('user/b')).toBeUndefined();
    expect(log.put('user/a', user('x')).outcome.kind).toBe('written');
    expect(log.put('elsewhere', user('x')).outcome.kind).toBe('written');
  });

  it('frees a value that is changed or deleted, in the same entry', () => {
    const log = declared();
    log.put('user/a', user('x'));
    log.put('user/a', user('y'));
    expect(log.put('user/b', user('x')).outcome.kind).toBe('written');
    log.delete('user/b');
    expect(log.put('user/c', user('x')).outcome.kind).toBe('written');
  });

  it('lets keys of one transaction swap their values, and not share one', () => {
    const log = declared();
    log.txn({ onSuccess: [putOp('user/a', user('x')), putOp('user/b', user('y'))] });
    const swap = log.txn({ onSuccess: [putOp('user/a', user('y')), putOp('user/b', user('x'))] });
    expect(swap.outcome.kind).toBe('txn');
    const same = log.txn({ onSuccess: [putOp('user/c', user('z')), putOp('user/d', user('z'))] });
    expect(same.outcome).toMatchObject({ code: 'unique-violation', facts: { owner: 'user/c' } });
    expect(log.shown('user/c')).toBeUndefined();
    expect(log.put('user/e', user('z')).outcome.kind).toBe('written');
  });

  it('tells scalars apart by type and value, and lets many have none', () => {
    const log = declared();
    const values = ['1', 1, true, 'true', '', '\ud800', '\ud801', 'é', 'e\u0301'];
    values.forEach((value, i) => {
      expect(log.put(`user/${i}`, user(value)).outcome.kind).toBe('written');
    });
    expect(log.put('user/x', '{"mail":1.0}').outcome).toMatchObject({ facts: { owner: 'user/1' } });
    for (const none of ['{}', '{"mail":null}', '[]', '"text"']) {
      expect(log.put(`user/${none}`, none).outcome.kind).toBe('written');
    }
  });

  it.each([
    ['not JSON', 'plain text', 'is not JSON'],
    ['not UTF-8', '\ufffd{', 'is not JSON'],
    ['an object', user({}), 'object or array'],
    ['an array', user([1]), 'object or array'],
    ['a number out of range', '{"mail":1e999}', 'out of range'],
    ['a long text', user('x'.repeat(LIMITS.uniqueValueMaxBytes)), 'more than'],
  ])('refuses a value that cannot be judged: %s', (_, text, reason) => {
    const log = declared();
    expect(log.put('user/a', text).outcome).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining(reason),
    });
  });

  it('is not declared over data that break it, and names the keys', () => {
    const log = new OrderedLog();
    for (const [key, value] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
      ['d', 'x'],
    ])
      log.put(`user/${key}`, user(value));
    log.put('user/e', 'no json');
    log.put('other', 'no json');
    expect(log.coordinate(declaration)).toMatchObject({
      code: 'unique-violation',
      facts: { keys: ['user/a', 'user/c', 'user/d', 'user/e'] },
    });
    expect(readCatalog(log.state).constraints).toEqual([]);
    for (const key of ['c', 'd', 'e']) log.delete(`user/${key}`);
    expect(log.coordinate(declaration)).toMatchObject({ kind: 'declared' });
    expect(log.put('user/z', user('y')).outcome).toMatchObject({ facts: { owner: 'user/b' } });
  });

  it('names no more than so many offending keys', () => {
    const log = new OrderedLog();
    for (let i = 0; i < 30; i += 1) log.put(`user/${i}`, user('same'));
    const refused = log.coordinate(declaration);
    expect(refused.kind === 'refused' && refused.facts.keys).toHaveLength(LIMITS.constraintOffendersMax);
  });

  it('declared again is what it was; on other terms it is replaced, or stays if the data break them', () => {
    const log = declared();
    log.put('user/a', '{"mail":"x","name":"n"}');
    log.put('user/b', '{"mail":"y","name":"n"}');
    expect(log.coordinate(declaration)).toEqual({ kind: 'declared', created: false });
    expect(log.coordinate({ ...declaration, field: '/name' })).toMatchObject({ code: 'unique-violation' });
    expect(readConstraint(log.state, 'mail')?.field).toBe('/mail');
    log.delete('user/b');
    expect(log.coordinate({ ...declaration, field: '/name' })).toEqual({ kind: 'declared', created: false });
    expect(log.put('user/c', '{"mail":"x"}').outcome.kind).toBe('written');
    expect(log.put('user/d', '{"name":"n"}').outcome).toMatchObject({ facts: { owner: 'user/a' } });
  });

  it('holds beside others over the same keys', () => {
    const log = declared();
    log.coordinate({ ...declaration, name: 'name', prefix: '', field: '/name' });
    log.put('user/a', '{"mail":"x","name":"n"}');
    expect(log.put('b', '{"mail":"x","name":"n"}').outcome).toMatchObject({
      detail: expect.stringContaining('"name"'),
    });
    expect(log.put('user/b', '{"mail":"x","name":"m"}').outcome).toMatchObject({
      detail: expect.stringContaining('"mail"'),
    });
    expect(log.put('b', '{"mail":"x","name":"m"}').outcome.kind).toBe('written');
  });

  it('once dropped binds nobody, and its index goes, a part with each entry', () => {
    const log = declared();
    for (let i = 0; i < 300; i += 1) log.put(`user/${i}`, user(i));
    const size = log.state.dump().length;
    expect(log.coordinate({ kind: 'drop', name: 'mail' })).toEqual({ kind: 'dropped', existed: true });
    expect(log.coordinate({ kind: 'drop', name: 'mail' })).toEqual({ kind: 'dropped', existed: false });
    expect(log.put('user/x', user(1)).outcome.kind).toBe('written');
    log.put('user/x', user(1));
    expect(log.state.dump()).toHaveLength(size - 300 - 1 + 1);
    expect(log.coordinate(declaration)).toMatchObject({ code: 'unique-violation' });
  });

  it('tells which keys weaker levels may not write', () => {
    const log = declared();
    expect(constraintOver(log.state, 'user/a')?.name).toBe('mail');
    expect(constraintOver(log.state, 'users')).toBeUndefined();
  });

  it('cannot refuse a weaker write that came before it was known: the holder stays, and the other must change', () => {
    const log = declared();
    log.put('user/a', user('x'));
    log.propose({
      adopted: [weak('user/b', 1, user('x')), weak('user/c', 2, 'no json'), weak('user/d', 3, user('y'))],
    });
    expect(log.shown('user/b')).toBe(user('x'));
    expect(log.put('user/b', user('x')).outcome).toMatchObject({
      code: 'unique-violation',
      facts: { owner: 'user/a' },
    });
    expect(log.put('user/e', user('y')).outcome).toMatchObject({ facts: { owner: 'user/d' } });
    expect(log.put('user/b', user('z')).outcome.kind).toBe('written');
    expect(log.put('user/c', user('c')).outcome.kind).toBe('written');
    expect(log.delete('user/a').outcome.kind).toBe('written');
    expect(log.put('user/e', user('x')).outcome.kind).toBe('written');
  });

  it.each([
    ['a bad pointer', { field: 'mail' }],
    ['a bad escape', { field: '/~' }],
    ['half a character in its field', { field: '/\ud800' }],
    ['no name', { name: '' }],
    ['a long prefix', { prefix: 'x'.repeat(512) }],
  ])('with %s never gets into the log', (_, parts) => {
    expect(() => encodeCoordination({ ...declaration, ...parts })).toThrow(CausewayError);
  });

  it('is one of at most so many', () => {
    const log = new OrderedLog();
    for (let i = 0; i < LIMITS.constraintsMax; i += 1) log.coordinate({ ...declaration, name: `c${i}` });
    expect(log.coordinate(declaration)).toMatchObject({ code: 'invalid-request' });
    expect(log.coordinate({ ...declaration, name: 'c1', field: '/other' })).toMatchObject({ kind: 'declared' });
  });
});

describe('a claim', () => {
  const claim = (kind: 'claim' | 'unclaim', owner: string, value = 'v') =>
    ({ kind, namespace: 'n', value, owner }) as const;

  it('belongs to the first owner until he gives it back', () => {
    const log = new OrderedLog();
    expect(log.coordinate(claim('claim', 'anna'))).toEqual({ kind: 'claimed', created: true });
    expect(log.coordinate(claim('claim', 'anna'))).toEqual({ kind: 'claimed', created: false });
    expect(readClaim(log.state, 'n', 'v')).toEqual({ owner: 'anna', since: 1 });
    for (const kind of ['claim', 'unclaim'] as const) {
      expect(log.coordinate(claim(kind, 'ben'))).toMatchObject({ code: 'already-claimed', facts: { owner: 'anna' } });
    }
    expect(log.coordinate(claim('unclaim', 'anna'))).toEqual({ kind: 'unclaimed', existed: true });
    expect(log.coordinate(claim('unclaim', 'anna'))).toEqual({ kind: 'unclaimed', existed: false });
    expect(log.coordinate(claim('claim', 'ben'))).toEqual({ kind: 'claimed', created: true });
  });

  it('is apart from claims whose names only run together alike', () => {
    const log = new OrderedLog();
    log.coordinate({ kind: 'claim', namespace: 'ab', value: 'c', owner: 'anna' });
    expect(log.coordinate({ kind: 'claim', namespace: 'a', value: 'bc', owner: 'ben' })).toMatchObject({
      created: true,
    });
  });
});

describe('a sequence', () => {
  it('counts from 1, apart from others', () => {
    const log = new OrderedLog();
    expect(readSequence(log.state, 's')).toBe(0);
    expect([1, 2, 3].map(() => log.coordinate({ kind: 'next', sequence: 's' }))).toEqual(
      [1, 2, 3].map((value) => ({ kind: 'number', value })),
    );
    expect(log.coordinate({ kind: 'next', sequence: 't' })).toEqual({ kind: 'number', value: 1 });
    expect(readSequence(log.state, 's')).toBe(3);
  });
});

describe('the coordination objects', () => {
  it('are what the ordered state machine asks for', () => {
    const coordinator: Coordinator = COORDINATION;
    expect(() => coordinator.checkCommand(Uint8Array.of(200))).toThrow('unknown coordination command');
  });
});
