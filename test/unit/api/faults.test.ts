/** Fault injection over HTTP: exactly what was asked is put in force, for a time that is bounded, and only where allowed. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, openApp, succeed } from './harness.js';

const PARTITION = '/v1/faults/partitions/split';
const LINK = '/v1/faults/links/r1/r2';
const CLOCK = '/v1/faults/clock';
const groups = [['r1'], ['r2', 'r3']];

describe('a fault', () => {
  it.each([
    [PARTITION, { groups }, { kind: 'partition', name: 'split', groups, ttlMs: 60_000 }],
    [PARTITION, { groups: [['r1']], ttlMs: 1 }, { kind: 'partition', name: 'split', groups: [['r1']], ttlMs: 1 }],
    ['/v1/faults/partitions/A.b-c_~1', { groups }, { kind: 'partition', name: 'A.b-c_~1', groups, ttlMs: 60_000 }],
    [
      LINK,
      { drop: 0.5, delayMs: 20, jitterMs: 5, duplicate: 1, ttlMs: LIMITS.faultMaxTtlMs },
      {
        kind: 'link',
        from: 'r1',
        to: 'r2',
        drop: 0.5,
        delayMs: 20,
        jitterMs: 5,
        duplicate: 1,
        ttlMs: LIMITS.faultMaxTtlMs,
      },
    ],
    [
      LINK,
      { drop: 1 },
      { kind: 'link', from: 'r1', to: 'r2', drop: 1, delayMs: 0, jitterMs: 0, duplicate: 0, ttlMs: 60_000 },
    ],
    [
      '/v1/faults/links/r3/r2',
      {},
      { kind: 'link', from: 'r3', to: 'r2', drop: 0, delayMs: 0, jitterMs: 0, duplicate: 0, ttlMs: 60_000 },
    ],
    [CLOCK, { skewMs: -250 }, { kind: 'clock', skewMs: -250, ttlMs: 60_000 }],
  ])('PUT %s is in force, listed, and healed by DELETE', async (url, payload, fault) => {
    const { app, replica } = openApp();
    const put = await succeed(app, { method: 'PUT', url, payload });
    expect(put.statusCode).toBe(200);
    expect(put.json()).toEqual({ ...fault, remainingMs: fault.ttlMs });
    expect(replica.faults?.list()).toEqual([{ ...fault, remainingMs: fault.ttlMs }]);
    expect((await succeed(app, { url: '/v1/faults' })).json()).toEqual({
      faults: [{ ...fault, remainingMs: fault.ttlMs }],
    });
    expect((await succeed(app, { method: 'DELETE', url })).json()).toEqual({ healed: 1 });
    expect((await succeed(app, { method: 'DELETE', url })).json()).toEqual({ healed: 0 });
    expect(replica.faults?.list()).toEqual([]);
  });

  it('is replaced by another of its name', async () => {
    const { app, replica } = openApp();
    await succeed(app, { method: 'PUT', url: CLOCK, payload: { skewMs: 1 } });
    await succeed(app, { method: 'PUT', url: CLOCK, payload: { skewMs: 2 } });
    expect(replica.faults?.list()).toMatchObject([{ skewMs: 2 }]);
  });

  it('ends with all others at once', async () => {
    const { app, replica } = openApp();
    await succeed(app, { method: 'PUT', url: PARTITION, payload: { groups } });
    await succeed(app, { method: 'PUT', url: LINK, payload: { drop: 1 } });
    await succeed(app, { method: 'PUT', url: CLOCK, payload: { skewMs: 1 } });
    const request = { method: 'DELETE' as const, url: '/v1/faults', headers: { 'content-type': 'application/json' } };
    expect((await succeed(app, request)).json()).toEqual({ healed: 3 });
    expect(replica.faults?.list()).toEqual([]);
    expect((await succeed(app, request)).json()).toEqual({ healed: 0 });
  });
});

describe('a fault is refused', () => {
  it.each([
    ['a partition without groups', PARTITION, {}, 'groups'],
    ['a partition of no groups', PARTITION, { groups: [] }, 'groups'],
    ['a partition with an empty group', PARTITION, { groups: [['r1'], []] }, 'groups.1'],
    ['a partition whose groups overlap', PARTITION, { groups: [['r1', 'r2'], ['r2']] }, 'more than once'],
    ['a partition with a member twice in a group', PARTITION, { groups: [['r1', 'r1']] }, 'more than once'],
    ['a partition with a stranger', PARTITION, { groups: [['r1'], ['r9']] }, 'r9'],
    ['a partition of texts', PARTITION, { groups: ['r1', 'r2'] }, 'groups.0'],
    ['a partition of numbers', PARTITION, { groups: [[1]] }, 'groups.0.0'],
    ['a partition with an unknown member', PARTITION, { groups, ttl: 5 }, 'ttl'],
    ['a partition of no time', PARTITION, { groups, ttlMs: 0 }, 'ttlMs'],
    ['a partition for ever', PARTITION, { groups, ttlMs: LIMITS.faultMaxTtlMs + 1 }, 'ttlMs'],
    ['a partition of half a millisecond', PARTITION, { groups, ttlMs: 0.5 }, 'ttlMs'],
    ['a partition for a time in words', PARTITION, { groups, ttlMs: '5s' }, 'ttlMs'],
    ['a partition with a space in its name', '/v1/faults/partitions/a%20b', { groups }, 'name'],
    ['a partition with a slash in its name', '/v1/faults/partitions/a%2Fb', { groups }, 'name'],
    ['a link from a stranger', '/v1/faults/links/r9/r1', {}, 'r9'],
    ['a link to a stranger', '/v1/faults/links/r1/r9', {}, 'r9'],
    ['a link to itself', '/v1/faults/links/r1/r1', {}, 'another'],
    ['a link that loses more than all', LINK, { drop: 1.1 }, 'drop'],
    ['a link that loses less than nothing', LINK, { drop: -0.1 }, 'drop'],
    ['a link that doubles in words', LINK, { duplicate: 'yes' }, 'duplicate'],
    ['a link of negative delay', LINK, { delayMs: -1 }, 'delayMs'],
    ['a link of endless delay', LINK, { delayMs: LIMITS.linkDelayMaxMs + 1 }, 'delayMs'],
    ['a link of negative jitter', LINK, { jitterMs: -1 }, 'jitterMs'],
    ['a link with an unknown member', LINK, { dorp: 1 }, 'dorp'],
    ['a clock without skew', CLOCK, {}, 'skewMs'],
    ['a clock skewed beyond a week', CLOCK, { skewMs: LIMITS.clockSkewMaxMs + 1 }, 'skewMs'],
    ['a clock skewed by a fraction', CLOCK, { skewMs: 0.5 }, 'skewMs'],
    ['a clock with an unknown member', CLOCK, { skewMs: 1, unit: 's' }, 'unit'],
    ['a list', CLOCK, [], 'object'],
  ])('%s, and told why', async (_, url, payload, reason) => {
    const { app, replica } = openApp();
    const response = await app.inject({ method: 'PUT', url, payload });
    expect(expectProblem(response, 'invalid-request')['detail']).toContain(reason);
    expect(replica.faults?.list()).toEqual([]);
  });

  it.each([PARTITION, LINK, CLOCK])('without a body, or with one that is no JSON: %s', async (url) => {
    const { app } = openApp();
    expectProblem(await app.inject({ method: 'PUT', url }), 'invalid-request');
    const json = { 'content-type': 'application/json' };
    expectProblem(await app.inject({ method: 'PUT', url, payload: '{"', headers: json }), 'invalid-request');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expectProblem(await app.inject({ method: 'PUT', url, payload: '{}', headers: form }), 'unsupported-media-type');
  });

  it.each([
    ['GET', '/v1/faults', undefined],
    ['DELETE', '/v1/faults', undefined],
    ['PUT', PARTITION, { groups }],
    ['DELETE', PARTITION, undefined],
    ['PUT', LINK, { drop: 1 }],
    ['DELETE', LINK, undefined],
    ['PUT', CLOCK, { skewMs: 1 }],
    ['DELETE', CLOCK, undefined],
    ['PUT', CLOCK, { nonsense: 1 }],
  ] as const)('where faults are not enabled: %s %s', async (method, url, payload) => {
    const { app } = openApp({}, { faults: false });
    expectProblem(await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) }), 'faults-disabled');
  });
});
