/** Headers that only writes heed: durability, idempotency, and conditions that no weaker level can decide. */
import { describe, expect, it } from 'vitest';
import { expectProblem, openApp, succeed } from './harness.js';

const URL = '/v1/kv/k';

describe('durability', () => {
  it.each(['local', 'majority', 'all'])('%s is passed on, and what was reached is said', async (durability) => {
    const { app } = openApp();
    const response = await succeed(app, { method: 'PUT', url: URL, headers: { durability } });
    expect(response.headers['durability']).toBe(durability);
    expect(response.json()).toMatchObject({ durability });
  });

  it.each(['quorum', 'Local', '', 'local, all', '2'])('"%s" is refused', async (durability) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'DELETE'] as const) {
      expectProblem(await app.inject({ method, url: URL, headers: { durability } }), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });

  it('does not concern reads', async () => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL });
    const response = await succeed(app, { url: URL, headers: { durability: 'quorum' } });
    expect(response.headers['durability']).toBeUndefined();
  });
});

describe('a condition on a write', () => {
  it.each(['if-match', 'if-none-match'])('%s is refused, because no level that is served decides it', async (name) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'DELETE'] as const) {
      for (const condition of ['*', '"r1~00000000.1"']) {
        const response = await app.inject({ method, url: URL, headers: { [name]: condition } });
        expect(expectProblem(response, 'precondition-needs-linearizable')).toMatchObject({
          served: [],
          level: 'causal',
        });
      }
    }
    expect(replica.calls).toBe(0);
  });
});

describe('a fencing token', () => {
  it.each(['PUT', 'DELETE'] as const)('on a %s is refused, because there are no locks', async (method) => {
    const { app, replica } = openApp();
    const response = await app.inject({ method, url: URL, headers: { 'fencing-token': 'lock=5' } });
    expectProblem(response, 'level-not-offered');
    expect(replica.calls).toBe(0);
  });
});

describe('an idempotency key', () => {
  it('makes a retry the same write, and says so', async () => {
    const { app } = openApp();
    const write = (payload: string) =>
      app.inject({ method: 'PUT', url: URL, payload, headers: { 'idempotency-key': 'abc' } });
    const first = await write('x');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const retry = await write('x');
    expect(retry.headers['idempotent-replayed']).toBe('true');
    expect(retry.json()).toEqual(first.json());
    expectProblem(await write('y'), 'idempotency-key-reused');
  });

  it('is the same quoted or not', async () => {
    const { app } = openApp();
    const write = (key: string) => succeed(app, { method: 'DELETE', url: URL, headers: { 'idempotency-key': key } });
    const first = await write('8e03978e-40d5-43dd-bc93-6894a57f9324');
    const second = await write('"8e03978e-40d5-43dd-bc93-6894a57f9324"');
    expect(second.json()).toEqual(first.json());
  });

  it.each(['!', '~'.repeat(128), `"${'x'.repeat(128)}"`, 'a,b', 'a"b', '"a\\"b"'])('may be %s', async (key) => {
    const { app } = openApp();
    await succeed(app, { method: 'PUT', url: URL, headers: { 'idempotency-key': key } });
  });

  it.each([
    ['empty', ''],
    ['of 129 characters', 'x'.repeat(129)],
    ['with a space', 'a b'],
    ['sent twice', 'a, b'],
    ['beyond ASCII', 'é'],
    ['an empty quoted string', '""'],
    ['a quoted string with a space', '"a b"'],
    ['a quoted string that does not end', '"abc'],
    ['a quoted string with something behind it', '"abc" def'],
    ['a quoted string with parameters', '"abc";v=1'],
    ['a quoted string of 129 characters', `"${'x'.repeat(129)}"`],
  ])('is refused where it is %s', async (_, key) => {
    const { app, replica } = openApp();
    for (const method of ['PUT', 'DELETE'] as const) {
      expectProblem(await app.inject({ method, url: URL, headers: { 'idempotency-key': key } }), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });
});
