/** Tokens: what is issued is read back, and every other text is refused with a reason - whatever was done to it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import { base64UrlDecode, base64UrlEncode } from '../../../src/base/base64url.js';
import { ByteWriter } from '../../../src/base/bytes.js';
import { crc32 } from '../../../src/base/checksum.js';
import { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, type Origin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { decodeToken, encodeToken, tokenFits } from '../../../src/clocks/causal-token.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { clusters, FEW_ORIGINS, vectors } from './arbitraries.js';

const LAB = parseClusterId('lab');
const R1 = makeOrigin(parseReplicaId('r1'), 1);
const SAMPLE = VersionVector.of(FEW_ORIGINS.map((origin, i) => [origin, 7 ** (i + 3)]));
const TOKEN = encodeToken(LAB, SAMPLE);

/** What a text is refused with, or the vector it stands for; any other failure is a failure of the test. */
function outcome(text: string, cluster = LAB): { refused: string } | { vector: VersionVector } {
  try {
    return { vector: decodeToken(cluster, text) };
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error;
    expect(error.code).toBe('invalid-causal-token');
    return { refused: error.message };
  }
}

function expectRefusedOrEqual(text: string, original: string): void {
  const result = outcome(text);
  if ('vector' in result) expect(text).toBe(original);
}

/** A token made by hand, right or wrong in everything but its checksum. */
function forged(body: (writer: ByteWriter) => ByteWriter, cluster = 'lab'): string {
  const payload = body(new ByteWriter().string(cluster));
  return `c1.${base64UrlEncode(payload.u32(crc32(payload.finish())).finish())}`;
}

describe('a token', () => {
  it('gives back the vector it was issued for, to the cluster that issued it', () => {
    fc.assert(
      fc.property(clusters, vectors, (cluster, vector) => {
        const text = encodeToken(cluster, vector);
        expect(decodeToken(cluster, text).entries()).toEqual(vector.entries());
        expect(text.length).toBeLessThanOrEqual(LIMITS.tokenMaxBytes);
        expect(text).toMatch(/^c1\.[A-Za-z0-9_-]+$/);
      }),
    );
  });

  it('of the empty vector is a token as well', () => {
    expect(decodeToken(LAB, encodeToken(LAB, VersionVector.EMPTY))).toBe(VersionVector.EMPTY);
  });

  it('of three replicas is short enough for every response', () => {
    const three = VersionVector.of(['r1', 'r2', 'r3'].map((name, i) => [makeOrigin(parseReplicaId(name), i), 123_456]));
    expect(encodeToken(LAB, three).length).toBeLessThanOrEqual(56);
  });

  it('has room for 40 origins of 16 members, all past their billionth write', () => {
    const crowd = Array.from({ length: 40 }, (_, n): [Origin, number] => {
      return [makeOrigin(parseReplicaId(`replica-${n % 16}`), 0xffffffff - n), 1_000_000_000 + n];
    });
    expect(decodeToken(LAB, encodeToken(LAB, VersionVector.of(crowd))).size).toBe(40);
  });

  it('has room for every member of the largest cluster, with the longest names', () => {
    const members = Array.from({ length: LIMITS.membersMax }, (_, n): [Origin, number] => {
      return [makeOrigin(parseReplicaId('n'.repeat(30) + String(n).padStart(2, '0')), n), 2 ** 34];
    });
    const longest = parseClusterId('c'.repeat(64));
    expect(tokenFits(longest, VersionVector.of(members))).toBe(true);
  });

  it.each([
    ['its bytes', 40, 32],
    ['its entries', LIMITS.vectorMaxEntries + 1, 1],
  ])('that does not fit because of %s is known beforehand, and a broken invariant', (_, origins, nameLength) => {
    const vector = VersionVector.of(
      Array.from({ length: origins }, (__, n): [Origin, number] => {
        const name = parseReplicaId(nameLength === 1 ? 'a' : `${'n'.repeat(nameLength - 2)}${n + 10}`);
        return [makeOrigin(name, n), 1];
      }),
    );
    expect(tokenFits(LAB, vector)).toBe(false);
    expect(() => encodeToken(LAB, vector)).toThrow(InvariantError);
  });
});

describe('a mutated token is refused or equal', () => {
  const PRINTABLE = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));

  it('with any one character replaced by any other', () => {
    for (let at = 0; at < TOKEN.length; at += 1) {
      for (const char of PRINTABLE) {
        expectRefusedOrEqual(TOKEN.slice(0, at) + char + TOKEN.slice(at + 1), TOKEN);
      }
    }
  });

  it('with any one character inserted, left out or exchanged with its neighbour, and cut anywhere', () => {
    for (let at = 0; at <= TOKEN.length; at += 1) {
      for (const char of ['A', '_', '=', ' ', '.', '\n', 'é']) {
        expectRefusedOrEqual(TOKEN.slice(0, at) + char + TOKEN.slice(at), TOKEN);
      }
      expectRefusedOrEqual(TOKEN.slice(0, at) + TOKEN.slice(at + 1), TOKEN);
      expectRefusedOrEqual(
        TOKEN.slice(0, at) +
          TOKEN.slice(at, at + 2)
            .split('')
            .reverse()
            .join('') +
          TOKEN.slice(at + 2),
        TOKEN,
      );
      expectRefusedOrEqual(TOKEN.slice(0, at), TOKEN);
    }
  });

  it('with any one bit of its bytes flipped', () => {
    const bytes = base64UrlDecode(TOKEN.slice(3));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(outcome(`c1.${base64UrlEncode(flipped)}`)).toHaveProperty('refused');
    }
  });

  it('by many mutations at once, for any vector', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.string({ maxLength: 3 })), { minLength: 1 });
    fc.assert(
      fc.property(vectors, mutations, (vector, list) => {
        const original = encodeToken(LAB, vector);
        const mutated = list.reduce((text, [at, removed, added]) => {
          const start = at % (text.length + 1);
          return text.slice(0, start) + added + text.slice(start + removed);
        }, original);
        expectRefusedOrEqual(mutated, original);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a text that is no token', () => {
  /** Mostly made of the bytes that mean something in a token, so that much of it is nearly one. */
  const telling = fc.constantFrom(0, 1, 2, 0x72, 0x31, 0x7e, 0x80);
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc.array(telling, { size: 'max', maxLength: 12 }).map((list) => Uint8Array.from(list)),
  );

  it('is refused, and never crashes the reader', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', size: 'max', maxLength: 1100 }), fc.boolean(), (text, prefixed) => {
        expect(outcome(prefixed ? `c1.${text}` : text)).toHaveProperty('refused');
      }),
      { numRuns: 500 },
    );
  });

  it('but has a right checksum is refused, or is the one text of its vector', () => {
    fc.assert(
      fc.property(junk, (bytes) => {
        const text = forged((writer) => writer.raw(bytes));
        const result = outcome(text);
        if ('vector' in result) expect(encodeToken(LAB, result.vector)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  const entry = (writer: ByteWriter, name: string, counter: number) => writer.string(name).u32(1).varuint(counter);

  it.each([
    ['nothing', '', 'not a token'],
    ['another header by mistake', 'W/"r1.5"', 'not a token'],
    ['a token of an older draft', TOKEN.replace('c1.', 'c0.'), 'version 0'],
    ['a token of the future', TOKEN.replace('c1.', 'c12.'), 'version 12'],
    ['only the prefix', 'c1.', 'damaged'],
    ['padding', `${TOKEN}=`, 'damaged'],
    ['a space before it', ` ${TOKEN}`, 'not a token'],
    ['a line break after it', `${TOKEN}\n`, 'damaged'],
    ['a giant', `c1.${'A'.repeat(100_000)}`, '100003 characters'],
    [
      'a token of another cluster',
      encodeToken(parseClusterId('other'), SAMPLE),
      'of cluster "other", and this is "lab"',
    ],
    ['bytes after the last entry', forged((w) => w.varuint(0).u8(0)), 'damaged'],
    ['fewer entries than it announces', forged((w) => entry(w.varuint(2), 'r1', 1)), 'damaged'],
    ['too many entries', forged((w) => w.varuint(65)), '65 origins'],
    ['origins out of order', forged((w) => entry(entry(w.varuint(2), 'r2', 1), 'r1', 1)), 'not sorted'],
    ['an origin twice', forged((w) => entry(entry(w.varuint(2), 'r1', 1), '', 1)), 'not sorted'],
    ['a name spelled out again', forged((w) => entry(entry(w.varuint(2), 'r1', 1), 'r1', 2)), 'shortest form'],
    ['no name to repeat', forged((w) => entry(w.varuint(1), '', 1)), 'shortest form'],
    ['the total order as a member', forged((w) => entry(w.varuint(2).string('~').varuint(1), '', 1)), 'not an origin'],
    ['a name no member can have', forged((w) => entry(w.varuint(1), 'R1', 1)), 'not an origin'],
    ['a name that is not UTF-8', forged((w) => w.varuint(1).bytes(Uint8Array.of(0xff)).u32(1).varuint(1)), 'UTF-8'],
    ['a counter of 0', forged((w) => entry(w.varuint(1), 'r1', 0)), `counter of ${R1} that is out of range`],
    [
      'a counter beyond 2^53',
      forged((w) => w.varuint(1).string('r1').u32(1).raw(new Uint8Array(7).fill(0xff)).u8(0x7f)),
      `counter of ${R1} that is out of range`,
    ],
  ])('such as %s is refused with a sentence that says so', (_, text, reason) => {
    const result = outcome(text);
    expect(result).toHaveProperty('refused');
    if ('refused' in result) {
      expect(result.refused).toContain(reason);
      expect(result.refused).toMatch(/^The causal token .*\.$/);
    }
  });

  it('of any other cluster is refused as such', () => {
    fc.assert(
      fc.property(clusters, vectors, (cluster, vector) => {
        fc.pre(cluster !== LAB);
        expect(outcome(encodeToken(cluster, vector))).toEqual({ refused: expect.stringContaining('of cluster') });
      }),
    );
  });
});
