/** Pages by prefix, and chosen keys from one snapshot. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { ELSEWHERE, EMPTY_TOKEN, expectProblem, type Opened, openApp, succeed } from './harness.js';

async function openWith(...keys: readonly string[]): Promise<Opened> {
  const opened = openApp();
  for (const key of keys) {
    const url = `/v1/kv?key=${encodeURIComponent(key)}`;
    await succeed(opened.app, {
      method: 'PUT',
      url,
      payload: `value of ${key}`,
      headers: { 'content-type': 'text/plain' },
    });
  }
  return opened;
}

/** A member's delete that won over a value. */
function deletedWithSibling(replica: Opened['replica'], key: string): void {
  const stem = { deps: VersionVector.EMPTY, seen: 0, twins: [] };
  replica.receive(
    key,
    { ...stem, kind: 'tombstone', dot: { origin: ELSEWHERE, counter: 2 }, hlc: { ms: 2, logical: 0 } },
    {
      ...stem,
      kind: 'value',
      dot: { origin: ELSEWHERE, counter: 1 },
      hlc: { ms: 1, logical: 0 },
      contentType: 'text/plain',
      bytes: Buffer.from('lost'),
    },
  );
}

describe('a page', () => {
  it('holds entries in the order of keys, and says where the next one starts', async () => {
    const { app } = await openWith('b/2', 'a', 'b/1', 'b/3', 'c');
    const first = await succeed(app, { url: '/v1/kv?prefix=b/&limit=2' });
    expect(first.json()).toEqual({
      items: [expect.objectContaining({ key: 'b/1' }), expect.objectContaining({ key: 'b/2' })],
      next: 'b/2',
      level: 'causal',
      token: first.headers['causal-token'],
    });
    const second = await succeed(app, { url: '/v1/kv?prefix=b/&limit=2&after=b/2' });
    expect(second.json()).toMatchObject({ items: [{ key: 'b/3' }], next: null });
  });

  it('holds entries of exactly seven members', async () => {
    const { app } = await openWith('a');
    const [entry] = (await succeed(app, { url: '/v1/kv' })).json().items;
    expect(entry).toEqual({
      key: 'a',
      etag: expect.stringMatching(/^"r1~/),
      contentType: 'text/plain',
      encoding: 'utf8',
      value: 'value of a',
      timestamp: expect.stringMatching(/^\d+\.\d+$/),
      siblings: [],
    });
  });

  it('is empty where nothing is', async () => {
    const { app } = openApp();
    const response = await succeed(app, { url: '/v1/kv?prefix=none' });
    expect(response.json()).toEqual({ items: [], next: null, level: 'causal', token: EMPTY_TOKEN });
    expect(response.headers).toMatchObject({ 'consistency-level': 'causal', 'served-by': 'r1' });
    expect(response.headers['server-timing']).toMatch(/^wait;dur=/);
  });

  it('has a hundred entries where no limit is given, and up to a thousand', async () => {
    const { app } = await openWith(...Array.from({ length: 101 }, (_, i) => `k${i + 1000}`));
    expect((await succeed(app, { url: '/v1/kv' })).json().items).toHaveLength(LIMITS.listDefaultItems);
    expect((await succeed(app, { url: '/v1/kv?limit=1000' })).json()).toMatchObject({ next: null });
    expect((await succeed(app, { url: '/v1/kv?limit=1' })).json()).toMatchObject({ next: 'k1000' });
  });

  it('is of the level asked for', async () => {
    const { app } = openApp();
    expect((await succeed(app, { url: '/v1/kv?consistency=eventual' })).json()).toMatchObject({ level: 'eventual' });
    expectProblem(await app.inject('/v1/kv?consistency=linearizable'), 'level-not-offered');
  });

  it('takes prefixes and keys percent-encoded, with + for a space', async () => {
    const { app } = await openWith('a b/é', 'a b/€', 'a+b/x');
    const keys = async (query: string): Promise<string[]> =>
      (await succeed(app, { url: `/v1/kv?${query}` })).json().items.map(({ key }: { key: string }) => key);
    expect(await keys('prefix=a%20b%2F%C3%A9')).toEqual(['a b/é']);
    expect(await keys('prefix=a+b/')).toEqual(['a b/é', 'a b/€']);
    expect(await keys('prefix=a%2Bb')).toEqual(['a+b/x']);
    expect(await keys('after=a%20b%2F%C3%A9&prefix=a%20')).toEqual(['a b/€']);
  });

  it('leaves out what is deleted', async () => {
    const { app, replica } = await openWith('a', 'b');
    await succeed(app, { method: 'DELETE', url: '/v1/kv/a' });
    deletedWithSibling(replica, 'c');
    expect((await succeed(app, { url: '/v1/kv' })).json()).toMatchObject({ items: [{ key: 'b' }] });
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=-1',
    'limit=1.5',
    'limit=ten',
    'limit=',
    'limit=%31%30%20',
    'limit=5&limit=5',
    'prefix=a&prefix=b',
    'prefix=%FF',
    'after=%zz',
    `prefix=${'k'.repeat(512)}`,
    `after=${'k'.repeat(512)}`,
    'perfix=a',
    'offset=5',
    'format=entry',
  ])('is refused with ?%s', async (query) => {
    const { app, replica } = openApp();
    expectProblem(await app.inject(`/v1/kv?${query}`), 'invalid-request');
    expect(replica.calls).toBe(0);
  });
});

describe('chosen keys', () => {
  it('come in the order they were named, with null for those that are not there', async () => {
    const { app, replica } = await openWith('a', 'b');
    const callsBefore = replica.calls;
    const response = await succeed(app, { url: '/v1/kv?keys=b,none,a' });
    expect(replica.calls).toBe(callsBefore + 1);
    expect(response.json()).toEqual({
      items: [
        expect.objectContaining({ key: 'b', value: 'value of b', siblings: [] }),
        { key: 'none', etag: null, value: null },
        expect.objectContaining({ key: 'a', value: 'value of a' }),
      ],
      level: 'causal',
      token: response.headers['causal-token'],
    });
  });

  it('show the siblings of a key whose delete won', async () => {
    const { app, replica } = openApp();
    deletedWithSibling(replica, 'c');
    const { items } = (await succeed(app, { url: '/v1/kv?keys=c' })).json();
    expect(items).toEqual([
      { key: 'c', etag: null, value: null, siblings: [expect.objectContaining({ value: 'lost' })] },
    ]);
  });

  it.each([
    ['separated by commas', 'keys=a,b'],
    ['separated by encoded commas', 'keys=a%2Cb'],
    ['each in a parameter of its own', 'key=a&key=b'],
    ['in both ways', 'keys=a&key=b'],
    ['in several lists', 'keys=a&keys=b'],
  ])('may be named %s', async (_, query) => {
    const { app } = await openWith('a', 'b');
    expect((await succeed(app, { url: `/v1/kv?${query}` })).json()).toMatchObject({
      items: [{ key: 'a' }, { key: 'b' }],
    });
  });

  it('may hold commas where each has a parameter of its own', async () => {
    const { app } = await openWith('a,b', 'c,d');
    const two = await succeed(app, { url: '/v1/kv?key=a%2Cb&key=c,d' });
    expect(two.json()).toMatchObject({ items: [{ key: 'a,b' }, { key: 'c,d' }] });
    const one = await succeed(app, { url: '/v1/kv?keys=&key=a,b' });
    expect(one.json()).toMatchObject({ items: [{ key: 'a,b' }] });
  });

  it.each([
    'keys=',
    'keys=a,,b',
    'keys=a,',
    'keys=%FF',
    `keys=${'k'.repeat(512)}`,
    `keys=${Array.from({ length: LIMITS.multiGetMaxKeys + 1 }, (_, i) => `k${i}`).join(',')}`,
    'keys=a&limit=5',
    'keys=a&prefix=b',
    'key=a&after=b',
    'keys=a&format=entry',
    'key=',
    'key=a&key=',
  ])('are refused as ?%s', async (query) => {
    const { app, replica } = openApp();
    expectProblem(await app.inject(`/v1/kv?${query}`), 'invalid-request');
    expect(replica.calls).toBe(0);
  });

  it(`may be ${LIMITS.multiGetMaxKeys}`, async () => {
    const { app } = openApp();
    const keys = Array.from({ length: LIMITS.multiGetMaxKeys }, (_, i) => `k${i}`).join(',');
    expect((await succeed(app, { url: `/v1/kv?keys=${keys}` })).json().items).toHaveLength(LIMITS.multiGetMaxKeys);
  });
});
