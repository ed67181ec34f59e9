/** Tokens that come again are the vectors they were, and no wrong one is ever taken for known. */
import { describe, expect, it } from 'vitest';
import { TokenCache } from '../../../src/api/token-cache.js';
import { decodeToken } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { CLUSTER, ELSEWHERE, tokenNaming } from './harness.js';

describe('a cache of tokens', () => {
  it('gives back the vector it issued a token for', () => {
    const cache = new TokenCache(CLUSTER);
    const vector = VersionVector.of([[ELSEWHERE, 7]]);
    expect(cache.decode(cache.encode(vector))).toBe(vector);
  });

  it('decodes a token once while it is in use, however many others come', () => {
    const cache = new TokenCache(CLUSTER);
    const first = cache.decode(tokenNaming(1));
    for (let counter = 2; counter < 3_000; counter += 1) {
      expect(cache.decode(tokenNaming(counter)).get(ELSEWHERE)).toBe(counter);
      expect(cache.decode(tokenNaming(1))).toBe(first);
    }
  });

  it('forgets what is not used', () => {
    const cache = new TokenCache(CLUSTER);
    const first = cache.decode(tokenNaming(1));
    for (let counter = 2; counter < 3_000; counter += 1) cache.decode(tokenNaming(counter));
    const again = cache.decode(tokenNaming(1));
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  it('refuses what is no token, also the second time', () => {
    const cache = new TokenCache(CLUSTER);
    const damaged = `${tokenNaming(1).slice(0, -1)}_`;
    for (let time = 0; time < 2; time += 1) {
      expect(() => cache.decode(damaged)).toThrow('The causal token');
    }
    expect(cache.decode(tokenNaming(1))).toEqual(decodeToken(CLUSTER, tokenNaming(1)));
  });
});
