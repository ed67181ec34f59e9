/** How fast tokens are read and issued: once each for every request. */
import { parseClusterId } from '../src/base/ids.js';
import { decodeToken, encodeToken } from '../src/clocks/causal-token.js';
import { vectorOf } from './inputs.js';
import type { BenchCase, BenchSuite } from './suite.js';

const CLUSTER = parseClusterId('lab');
const SIZES = [0, 3, 16, 40] as const;

const encodeCases = SIZES.map((size): BenchCase => {
  return {
    name: `encode a token of ${size} origins`,
    setUp: () => {
      const vector = vectorOf(size, 123_456);
      return () => encodeToken(CLUSTER, vector);
    },
  };
});

const decodeCases = SIZES.map((size): BenchCase => {
  return {
    name: `decode a token of ${size} origins`,
    setUp: () => {
      const text = encodeToken(CLUSTER, vectorOf(size, 123_456));
      return () => decodeToken(CLUSTER, text);
    },
  };
});

/** A client that sends nonsense must not cost more than one that sends tokens. */
function refusalCase(name: string, text: string): BenchCase {
  return {
    name: `refuse ${name}`,
    setUp: () => () => {
      try {
        return decodeToken(CLUSTER, text);
      } catch (error) {
        return error;
      }
    },
  };
}

export const token: BenchSuite = {
  name: 'token',
  cases: [
    ...encodeCases,
    ...decodeCases,
    refusalCase('a damaged token', encodeToken(CLUSTER, vectorOf(3, 123_456)).slice(0, -4)),
    refusalCase('a giant', `c1.${'A'.repeat(100_000)}`),
  ],
};
