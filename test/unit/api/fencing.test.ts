/** `Fencing-Token`: who has lost a lock does not write any more, at any level. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, type Opened, openApp, succeed } from './harness.js';

const URL = '/v1/kv/k';
const open = () => openApp({}, { ordered: true });

async function held({ app }: Opened, name: string): Promise<number> {
  const payload = { owner: 'me', ttlMs: 1000 };
  const response = await succeed(app, {
    method: 'POST',
    url: `/v1/locks/${encodeURIComponent(name)}/acquire`,
    payload,
  });
  return response.json().fencingToken;
}

describe.each(['eventual', 'causal', 'linearizable'])('a fencing token at %s', (level) => {
  const put = (fencing: string) => ({
    method: 'PUT' as const,
    url: URL,
    headers: { 'consistency-level': level, 'fencing-token': fencing },
  });

  it('lets the holder write, until the lock has moved on', async () => {
    const opened = open();
    const token = await held(opened, 'l');
    await succeed(opened.app, put(`l=${token}`));
    opened.replica.ordered?.turnClock(1000);
    const next = await held(opened, 'l');
    expect(next).toBeGreaterThan(token);
    const refused = expectProblem(await opened.app.inject(put(`l=${token}`)), 'fenced');
    expect(refused).toMatchObject({ owner: 'me', outcome: 'not-applied' });
    await succeed(opened.app, put(`l=${next}`));
  });

  it('is refused of a lock that nobody holds', async () => {
    expectProblem(await open().app.inject(put('free=1')), 'fenced');
  });

  it('guards batches', async () => {
    const opened = open();
    const request = (fencing: string) => ({
      method: 'POST' as const,
      url: '/v1/batch',
      payload: { ops: [{ put: 'a', value: '' }] },
      headers: { 'consistency-level': level, 'fencing-token': fencing },
    });
    await succeed(opened.app, request(`l=${await held(opened, 'l')}`));
    expectProblem(await opened.app.inject(request('l=99')), 'fenced');
  });
});

describe('a fencing token', () => {
  it.each(['plain', 'a=b', 'a/b', 'with, comma', '50%', 'zwölf €'])('names the lock %s', async (name) => {
    const opened = open();
    const token = await held(opened, name);
    const encoded = encodeURIComponent(name).replaceAll('%3D', '=');
    const fenced = (text: string) => ({ method: 'PUT' as const, url: URL, headers: { 'fencing-token': text } });
    await succeed(opened.app, fenced(`${encoded}=${token}`));
    expectProblem(await opened.app.inject(fenced(`${encoded}=${token + 1}`)), 'fenced');
  });

  it('may name several locks, all of which must be held', async () => {
    const opened = open();
    const [a, b] = [await held(opened, 'a'), await held(opened, 'b')];
    const fenced = (text: string) => ({ method: 'PUT' as const, url: URL, headers: { 'fencing-token': text } });
    await succeed(opened.app, fenced(`a=${a}, b=${b}`));
    await succeed(opened.app, {
      ...fenced(''),
      headers: { 'fencing-token': [`a=${a}`, `b=${b}`] as unknown as string },
    });
    expectProblem(await opened.app.inject(fenced(`a=${a},b=${a}`)), 'fenced');
  });

  it.each([
    ['that is empty', ''],
    ['without a number', 'l'],
    ['with an empty number', 'l='],
    ['without a lock', '=1'],
    ['of zero', 'l=0'],
    ['that is negative', 'l=-1'],
    ['that is a fraction', 'l=1.5'],
    ['with an exponent', 'l=1e3'],
    ['in hexadecimal', 'l=0x1'],
    ['that no number holds', 'l=9007199254740993'],
    ['with a leading zero', 'l=01'],
    ['with a space before its number', 'l= 1'],
    ['in a list with an empty place', 'l=1,'],
    ['that names a lock twice', 'l=1,l=2'],
    ['whose name is not percent-encoded', '50%=1'],
    ['whose name is not UTF-8', '%FF=1'],
    ['whose name is too long', `${'l'.repeat(LIMITS.coordinationNameMaxBytes + 1)}=1`],
    ['of too many locks', Array.from({ length: LIMITS.fencesMax + 1 }, (_, i) => `l${i}=1`).join()],
  ])('%s is refused', async (_, fencing) => {
    const { app, replica } = open();
    for (const level of ['causal', 'linearizable']) {
      const headers = { 'consistency-level': level, 'fencing-token': fencing };
      expectProblem(await app.inject({ method: 'PUT', url: URL, headers }), 'invalid-request');
    }
    expect(replica.calls).toBe(0);
  });
});
