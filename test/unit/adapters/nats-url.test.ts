import { describe, expect, test } from 'vitest';
import { parseNatsUrl } from '../../../src/adapters/nats-url.js';

describe('a NATS server address', () => {
  test.each([
    ['nats://127.0.0.1:4222', { hostname: '127.0.0.1', port: 4222, hostPort: '127.0.0.1:4222', tls: false }],
    ['nats://127.0.0.1:4222/', { hostPort: '127.0.0.1:4222' }],
    [' nats://localhost ', { hostname: 'localhost', port: 4222 }],
    ['nats://[::1]:5000', { hostname: '::1', port: 5000, hostPort: '[::1]:5000' }],
    ['tls://nats.example.com:443', { hostname: 'nats.example.com', port: 443, tls: true }],
    ['nats://h:1', { credentials: { kind: 'none' } }],
    ['nats://s3cret@h:1', { hostPort: 'h:1', credentials: { kind: 'token', token: 's3cret' } }],
    ['nats://u:p%40ss@h:1', { hostPort: 'h:1', credentials: { kind: 'password', user: 'u', password: 'p@ss' } }],
  ])('%s is understood', (text, expected) => {
    expect(parseNatsUrl(text)).toMatchObject(expected);
  });

  test.each([
    '',
    'localhost',
    'localhost:4222',
    '127.0.0.1:4222',
    'http://localhost:4222',
    'ws://localhost:4222',
    'nats://',
    'nats://:4222',
    'nats://h:0',
    'nats://h:65536',
    'nats://h:port',
    'nats://h:1/path',
    'nats://h:1?query',
    'nats://h:1#hash',
    'nats://a b:1',
    'nats://u:p%zz@h:1',
    'nats://h:1,nats://h:2',
  ])('%j is refused as invalid-config', (text) => {
    expect(() => parseNatsUrl(text)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  });

  test('a refusal does not repeat the password', () => {
    expect(() => parseNatsUrl('nats://user:s3cret@h:1/path')).toThrow(/\*\*\*@h:1\/path/);
    expect(() => parseNatsUrl('nats://user:s3cret@h:1/path')).not.toThrow(/s3cret/);
  });
});
