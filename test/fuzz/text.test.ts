/** Tokens, what NATS clients and servers of events send, and other text that comes from outside. */
import { describe, expect, it } from 'vitest';
import { ClientParser, ProtocolViolation } from '../../src/adapters/nats-protocol.js';
import { base64UrlDecode, base64UrlEncode } from '../../src/base/base64url.js';
import { ByteWriter, DecodeError, utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import { crc32 } from '../../src/base/checksum.js';
import { CausewayError } from '../../src/base/errors.js';
import { parseClusterId } from '../../src/base/ids.js';
import { EventStreamParser } from '../../src/client/event-stream.js';
import { joinTokens } from '../../src/client/token.js';
import { decodeToken, encodeToken } from '../../src/clocks/causal-token.js';
import { parseJsonPointer } from '../../src/coordination/json-pointer.js';
import { fewVectors } from '../property/clocks/arbitraries.js';
import { attack, SEED, samplesOf } from './attack.js';

const CLUSTER = parseClusterId('fuzz');
const PREFIX = 'c1.';

/** The bytes in a token, whose last four are a checksum. */
const payloadOf = (token: string): Uint8Array => base64UrlDecode(token.slice(PREFIX.length));
const textOf = (payload: Uint8Array): string => PREFIX + base64UrlEncode(payload);
const tokens = samplesOf(fewVectors, (vector) => payloadOf(encodeToken(CLUSTER, vector)), 40);
const seal = (bytes: Uint8Array): Uint8Array => {
  const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
  return new ByteWriter(bytes.length + 4).raw(body).u32(crc32(body)).finish();
};

describe(`a token (SEED=${SEED})`, () => {
  it('is refused by a replica, or names what it says', () => {
    const read = (bytes: Uint8Array): Uint8Array => {
      try {
        return payloadOf(encodeToken(CLUSTER, decodeToken(CLUSTER, textOf(bytes))));
      } catch (error) {
        if (error instanceof CausewayError && error.code === 'invalid-causal-token')
          throw new DecodeError(error.message);
        throw error;
      }
    };
    const counts = attack({ samples: tokens, read, seal }, 4_000);
    expect(Math.min(counts.refused, counts.read)).toBeGreaterThan(tokens.length);
  });

  it('that a client takes joins with itself to one that joins with itself to itself', () => {
    const read = (bytes: Uint8Array): Uint8Array | undefined => {
      const joined = joinTokens(textOf(bytes), textOf(bytes));
      if (joined === undefined) return undefined;
      expect(joinTokens(joined, joined)).toBe(joined);
      return bytes;
    };
    attack({ samples: tokens, read, seal }, 4_000);
  });
});

describe(`text (SEED=${SEED})`, () => {
  const texts = (...lines: readonly string[]) => lines.map((line) => utf8Encode(line));

  it('in base64url is of one form only', () => {
    const read = (bytes: Uint8Array) => utf8Encode(base64UrlEncode(base64UrlDecode(utf8Decode(bytes))));
    attack({ samples: texts('', 'AA', 'AAA', 'AAAA', 'c1-_zz9A'), read }, 4_000);
  });

  it('of a NATS client breaks the protocol or is understood, in pieces as well', () => {
    const read = (bytes: Uint8Array) => {
      const parser = new ClientParser(1_024);
      try {
        for (let at = 0; at < bytes.length; at += 7) parser.feed(Buffer.from(bytes.subarray(at, at + 7)), () => {});
      } catch (error) {
        if (error instanceof ProtocolViolation) return undefined;
        throw error;
      }
      return bytes;
    };
    const samples = texts(
      'CONNECT {"verbose":false,"headers":true}\r\nPING\r\n',
      'SUB a.> 1\r\nSUB b.* q 2\r\nUNSUB 1 5\r\n',
      'PUB a.b 5\r\nhello\r\nPUB a r 0\r\n\r\n',
      'HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
    );
    attack({ samples, read }, 4_000);
  });

  it('of a stream of events is read for as long as it goes on', () => {
    const read = (bytes: Uint8Array) => {
      const parser = new EventStreamParser();
      for (let at = 0; at < bytes.length; at += 5) parser.push(bytes.subarray(at, at + 5));
      expect(parser.pendingChars).toBeLessThanOrEqual(bytes.length);
      return bytes;
    };
    attack({ samples: texts(': alive\n\nevent: leader\ndata: {"a":1}\ndata: 2\r\n\r\n', 'data\r\rdata:x\n\n'), read });
  });

  it('of a JSON pointer is one, or is refused as a value', () => {
    const read = (bytes: Uint8Array) => {
      parseJsonPointer(utf8Decode(bytes));
      return bytes;
    };
    attack({ samples: texts('', '/a/0/b~1c~0', '/zwölf/-'), read });
  });
});
