/** The client's own reader of tokens against the codec that makes them: two programs, one form. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64UrlEncode } from '../../../src/base/base64url.js';
import { ByteWriter } from '../../../src/base/bytes.js';
import { crc32 } from '../../../src/base/checksum.js';
import { type ClusterId, makeOrigin, type Origin, type ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { joinTokens } from '../../../src/client/token.js';
import { encodeToken, tokenFits } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';

const cluster = 'c' as ClusterId;
const memberName = fc.constantFrom('r1', 'r10', 'r2', 'a', 'log', 'z-9').map((name) => name as ReplicaId);
const incarnation = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff }));
const replicaOrigin = fc.tuple(memberName, incarnation).map(([name, nonce]) => makeOrigin(name, nonce));
const origin = fc.oneof(
  { weight: 6, arbitrary: replicaOrigin },
  { weight: 1, arbitrary: fc.constant('log' as Origin) },
);
const counter = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const vector = fc.array(fc.tuple(origin, counter), { maxLength: 12 }).map((entries) => VersionVector.of(entries));

test('the join of two tokens is the token of the joined vectors', () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      expect(joinTokens(encodeToken(cluster, a), encodeToken(cluster, b))).toBe(encodeToken(cluster, a.join(b)));
    }),
  );
});

test('joining with itself changes nothing, and the order does not matter', () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      const [left, right] = [encodeToken(cluster, a), encodeToken(cluster, b)];
      expect(joinTokens(left, left)).toBe(left);
      expect(joinTokens(left, right)).toBe(joinTokens(right, left));
    }),
  );
});

test('tokens of different clusters have no join', () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      expect(joinTokens(encodeToken(cluster, a), encodeToken('d' as ClusterId, b))).toBeUndefined();
    }),
  );
});

test('a damaged token has no join', () => {
  fc.assert(
    fc.property(vector, fc.nat(), fc.constantFrom(...'AZaz09-_.= ü'), (a, at, char) => {
      const token = encodeToken(cluster, a);
      const where = at % token.length;
      const damaged = token.slice(0, where) + char + token.slice(where + 1);
      fc.pre(damaged !== token);
      expect(joinTokens(token, damaged)).toBeUndefined();
      expect(joinTokens(token.slice(0, where), token)).toBeUndefined();
    }),
  );
});

test('any other text has no join, and is no accident', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `c1.${text}`),
      ),
      (text) => {
        expect(joinTokens(text, text)).toBeUndefined();
      },
    ),
  );
});

test('a join over the size of a token is none rather than a token nobody takes', () => {
  const wide = (name: string) =>
    VersionVector.of(
      Array.from({ length: 40 }, (_, nonce) => [makeOrigin(name as ReplicaId, nonce), Number.MAX_SAFE_INTEGER]),
    );
  const [a, b] = [wide('a'), wide('b')];
  expect(tokenFits(cluster, a.join(b))).toBe(false);
  expect(joinTokens(encodeToken(cluster, a), encodeToken(cluster, b))).toBeUndefined();
  expect(a.size + b.size).toBeGreaterThan(LIMITS.vectorMaxEntries);
});

test('a token whose first name is missing has no join: there is none before it', () => {
  const body = new ByteWriter().string('c').varuint(1).string('').u32(7).varuint(1).finish();
  const payload = new ByteWriter().raw(body).u32(crc32(body)).finish();
  const token = `c1.${base64UrlEncode(payload)}`;
  expect(joinTokens(token, token)).toBeUndefined();
});
