/** The pure parts of retrying: reading `Retry-After`, backing off, choosing a replica. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, Endpoints, nextCandidate } from '../../../src/client/endpoints.js';
import { parseRetryAfter } from '../../../src/client/problem.js';
import { backoffMs, retryPolicy } from '../../../src/client/retry.js';

describe('Retry-After', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 30);

  test.each([
    ['0', 0],
    [' 120 ', 120_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 7_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 7_000],
    ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    ['99999999999999999999', undefined],
  ])('%j is %s', (text, expected) => {
    expect(parseRetryAfter(text, now)).toBe(expected);
  });

  test('may be absent', () => {
    expect(parseRetryAfter(null, now)).toBeUndefined();
  });
});

test('backoff is jittered over its whole range, doubles, and never exceeds its cap', () => {
  const policy = retryPolicy({ baseDelayMs: 10, maxDelayMs: 1000 });
  expect([1, 2, 3, 7, 8, 5000].map((attempt) => backoffMs(attempt, policy, 1))).toEqual([10, 20, 40, 640, 1000, 1000]);
  expect(backoffMs(5, policy, 0)).toBe(0);
});

test('a replica is avoided for longer each time it fails, up to a quarter of a minute', () => {
  const endpoints = new Endpoints(['a']);
  const broken = { kind: 'broken', cause: undefined } as const;
  const avoidedForMs = [500, 1000, 2000, 4000, 8000, 15_000, 15_000];
  avoidedForMs.forEach((ms, round) => {
    const nowMs = round * 100_000;
    endpoints.failed('a', 'causal', broken, nowMs);
    expect(endpoints.isAvoided('a', 'eventual', nowMs + ms - 1)).toBe(true);
    expect(endpoints.isAvoided('a', 'eventual', nowMs + ms)).toBe(false);
  });
  endpoints.answered('a', 'causal');
  endpoints.failed('a', 'causal', broken, 0);
  expect(endpoints.isAvoided('a', 'causal', 500)).toBe(false);
});

describe('the next replica', () => {
  const well = { tries: 0, holdUntilMs: 0, avoided: false };
  const next = (candidates: readonly Candidate[]) => nextCandidate(candidates, 100)?.url;

  test('is the first where all are alike', () => {
    expect(
      next([
        { ...well, url: 'a' },
        { ...well, url: 'b' },
      ]),
    ).toBe('a');
  });

  test('is one that may be asked now rather than later', () => {
    expect(
      next([
        { ...well, url: 'a', holdUntilMs: 101 },
        { ...well, url: 'b', holdUntilMs: 100, tries: 3 },
      ]),
    ).toBe('b');
  });

  test('is the least tried of those', () => {
    expect(
      next([
        { ...well, url: 'a', tries: 1 },
        { ...well, url: 'b', avoided: true },
      ]),
    ).toBe('b');
  });

  test('is one that did not fail lately, among equals', () => {
    expect(
      next([
        { ...well, url: 'a', avoided: true },
        { ...well, url: 'b' },
      ]),
    ).toBe('b');
  });

  test('is always one of the candidates, and never later than any other', () => {
    const candidate = fc.record({
      url: fc.string(),
      tries: fc.nat(5),
      holdUntilMs: fc.nat(200),
      avoided: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1 }), (candidates) => {
        const chosen = nextCandidate(candidates, 100);
        expect(candidates).toContain(chosen);
        for (const { holdUntilMs } of candidates) {
          expect(Math.max(100, chosen?.holdUntilMs ?? 0)).toBeLessThanOrEqual(Math.max(100, holdUntilMs));
        }
      }),
    );
  });
});
