/** The clients of the peer comparison understand what servers send, wherever the network cuts it. */
import { describe, expect, it } from 'vitest';
import { HttpDecoder } from '../../../bench/load/causeway-client.js';
import { findBytes } from '../../../bench/peers/clients/etcd-client.js';
import { NatsDecoder } from '../../../bench/peers/clients/nats-client.js';
import { RedisDecoder, redisCommand } from '../../../bench/peers/clients/redis-client.js';
import { ZooKeeperDecoder } from '../../../bench/peers/clients/zookeeper-client.js';
import { cutsOf, decodeInPieces } from '../../support/pieces.js';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

describe('HTTP', () => {
  const bytes = text(
    'HTTP/1.1 200 OK\r\nCausal-Token: c1.abc\r\nContent-Length: 5\r\n\r\nhello' +
      'HTTP/1.1 204 No Content\r\nCausal-Token: c1.def\r\n\r\n' +
      'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}',
  );

  it('is answers one after the other, with their tokens', () => {
    for (const cut of cutsOf(bytes)) {
      const { replies, left } = decodeInPieces(new HttpDecoder(), bytes, cut);
      const seen = replies.map(({ status, token, body }) => [status, token, body.toString()]);
      expect(seen).toEqual([
        [200, 'c1.abc', 'hello'],
        [204, 'c1.def', ''],
        [503, undefined, '{}'],
      ]);
      expect(left).toBe(0);
    }
  });

  it('is refused without a length', () => {
    const chunked = text('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    expect(() => new HttpDecoder().decode(chunked)).toThrow('without a length');
  });
});

describe('RESP', () => {
  it('has all kinds of values', () => {
    const bytes = text('+OK\r\n-ERR no\r\n:42\r\n$5\r\nhello\r\n$-1\r\n*2\r\n:1\r\n$2\r\n\r\n\r\n');
    for (const cut of cutsOf(bytes)) {
      const { replies, left } = decodeInPieces(new RedisDecoder(6), bytes, cut);
      expect(replies).toEqual([['OK', new Error('ERR no'), 42, text('hello'), undefined, [1, text('\r\n')]]]);
      expect(left).toBe(0);
    }
  });

  it('answers what was sent together in one', () => {
    const bytes = text('+OK\r\n:1\r\n+OK\r\n:2\r\n');
    const { replies } = decodeInPieces(new RedisDecoder(2), bytes, 7);
    expect(replies).toEqual([
      ['OK', 1],
      ['OK', 2],
    ]);
  });

  it('has commands that count bytes, not letters', () => {
    expect(redisCommand('SET', 'é', Uint8Array.of(1, 2)).toString('latin1')).toBe(
      '*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa9\r\n$2\r\n\x01\x02\r\n',
    );
  });

  it('is refused when it is something else', () => {
    expect(() => new RedisDecoder(1).decode(text('HTTP/1.1 400\r\n'))).toThrow('not a reply of Redis');
  });
});

describe('NATS', () => {
  it('has messages with and without headers between what the client need not know', () => {
    const bytes = text(
      'INFO {}\r\nPONG\r\nPING\r\n+OK\r\nMSG inbox 1 5\r\na\r\nbc\r\nHMSG inbox 1 12 16\r\nNATS/1.0\r\n\r\nwxyz\r\n',
    );
    for (const cut of cutsOf(bytes)) {
      const { replies, sent, left } = decodeInPieces(new NatsDecoder(), bytes, cut);
      expect(replies.map(({ headers, payload }) => [headers, payload.toString()])).toEqual([
        ['', ''],
        ['', 'a\r\nbc'],
        ['NATS/1.0\r\n\r\n', 'wxyz'],
      ]);
      expect(sent.map(String)).toEqual(['PONG\r\n']);
      expect(left).toBe(0);
    }
  });

  it('ends with an error', () => {
    expect(() => new NatsDecoder().decode(text("-ERR 'Authorization Violation'\r\n"))).toThrow('Authorization');
  });
});

describe('jute', () => {
  const int = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries()) bytes.writeInt32BE(value, i * 4);
    return bytes;
  };
  const sized = (body: Buffer): Buffer => Buffer.concat([int(body.length), body]);
  /** protocol, timeout, session id, password. */
  const connected = sized(Buffer.concat([int(0, 30_000, 1, 2), sized(Buffer.alloc(16)), Buffer.of(0)]));
  const reply = (error: number, body: string): Buffer => {
    return sized(Buffer.concat([int(1, 0, 9, error), body === '' ? Buffer.alloc(0) : sized(text(body))]));
  };

  it('opens a session, and has the error and the body of an answer', () => {
    const bytes = Buffer.concat([connected, reply(0, 'data'), reply(-101, '')]);
    for (const cut of cutsOf(bytes)) {
      const { replies, left } = decodeInPieces(new ZooKeeperDecoder(), bytes, cut);
      expect(replies.map(({ error }) => error)).toEqual([0, 0, -101]);
      expect(replies[1]?.body.subarray(4).toString()).toBe('data');
      expect(left).toBe(0);
    }
  });

  it('answers what was sent together with the last', () => {
    const decoder = new ZooKeeperDecoder();
    decodeInPieces(decoder, connected, 3);
    decoder.expect(2);
    const { replies } = decodeInPieces(decoder, Buffer.concat([reply(0, 'synced'), reply(0, 'read')]), 10);
    expect(replies.map(({ body }) => body.subarray(4).toString())).toEqual(['read']);
  });
});

describe('protobuf', () => {
  it('is searched for the first field of bytes with a number', () => {
    const inner = Buffer.from([0x0a, 1, 0x6b, 0x10, 0x96, 0x80, 0x80, 0x80, 0x80, 0x01, 0x2a, 2, 0x76, 0x77]);
    const message = Buffer.from([0x0a, 2, 0x08, 1, 0x12, inner.length, ...inner, 0x20, 1]);
    expect(findBytes(message, 2)).toEqual(inner);
    expect(findBytes(inner, 5)?.toString()).toBe('vw');
    expect(findBytes(inner, 9)).toBeUndefined();
  });

  it('is refused when it is cut', () => {
    expect(() => findBytes(Buffer.from([0x0a, 0x80]), 2)).toThrow('does not end');
  });
});
