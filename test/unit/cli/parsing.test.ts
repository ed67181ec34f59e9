/** What may be written on the command line, and the one sentence that answers everything else. */
import { describe, expect, test } from 'vitest';
import { CausewayError } from '../../../src/base/errors.js';
import {
  formatHttpUrl,
  parseListenAddress,
  parsePeers,
  parseServerUrl,
  parseServerUrls,
} from '../../../src/cli/parse/addresses.js';
import { formatDuration, parseDuration } from '../../../src/cli/parse/duration.js';
import { parseProbability, parseWhole } from '../../../src/cli/parse/numbers.js';
import { formatGroups, parsePartitionSpec } from '../../../src/cli/parse/partition-spec.js';

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'invalid-config') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['250', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    [' 1s ', 1_000],
    ['0', 0],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', 's', '-1s', '1 s', '1d', '1e3', '٣s', 'NaN', 'Infinity', '1s2m', '0x10'])('%j is none', (text) => {
    expect(refusal(() => parseDuration(text))).toContain('250ms, 30s, 5m or 1.5h');
  });

  test('outside of its bounds is refused with the bound that it breaks', () => {
    expect(refusal(() => parseDuration('0', 1))).toContain('at least 1 ms');
    expect(refusal(() => parseDuration('2h', 0, 3_600_000))).toContain('at most 1 h');
  });

  test.each([
    [1, '1 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [60_000, '1 min'],
    [5_400_000, '1.5 h'],
  ])('of %d ms is shown as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('a partition', () => {
  test.each([
    [['r1 | r2,r3']],
    [['r1|r2,r3']],
    [['r1', '/', 'r2,r3']],
    [['r1', '|', 'r2', 'r3']],
    [['r1/r2,r3']],
    [[' r1 |  r2 , r3 ']],
  ])('%j cuts r1 off', (words) => {
    expect(parsePartitionSpec(words)).toEqual([['r1'], ['r2', 'r3']]);
  });

  test('may have more than two sides', () => {
    expect(formatGroups(parsePartitionSpec(['r1 / r2 / r3,r4']))).toBe('r1 | r2 | r3,r4');
  });

  test.each([
    ['r1', 'only one side'],
    ['r1,r2,r3', 'only one side'],
    ['', 'only one side'],
    ['r1 |', 'empty'],
    ['| r1', 'empty'],
    ['r1 | , ', 'empty'],
    ['r1 || r2', 'empty'],
    ['r1 | r2,r1', 'r1 is on two sides'],
    ['r1,r1 | r2', 'r1 is on two sides'],
    ['R1 | r2', 'not a replica id'],
    ['r1 | log', 'not a replica id'],
  ])('%j is none: %s', (spec, reason) => {
    expect(refusal(() => parsePartitionSpec([spec]))).toContain(reason);
  });
});

describe('an address to listen on', () => {
  test.each([
    ['127.0.0.1:7101', { host: '127.0.0.1', port: 7101 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    [':7101', { host: '127.0.0.1', port: 7101 }],
    ['7101', { host: '127.0.0.1', port: 7101 }],
    ['[::1]:7101', { host: '::1', port: 7101 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ])('%j', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  test.each([
    '',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:7101',
    'http://127.0.0.1:7101',
    'a b:1',
    '127.0.0.1:-1',
  ])('%j is none', (text) => {
    expect(refusal(() => parseListenAddress(text))).toContain('127.0.0.1:7101');
  });

  test('with IPv6 becomes a URL with brackets', () => {
    expect(formatHttpUrl({ host: '::1', port: 7101 })).toBe('http://[::1]:7101');
  });
});

describe('the URL of a replica', () => {
  test.each([
    ['http://127.0.0.1:7101', 'http://127.0.0.1:7101'],
    ['http://127.0.0.1:7101/', 'http://127.0.0.1:7101'],
    ['127.0.0.1:7101', 'http://127.0.0.1:7101'],
    ['https://r1.example:443', 'https://r1.example'],
    ['http://[::1]:7101', 'http://[::1]:7101'],
  ])('%j', (text, url) => {
    expect(parseServerUrl(text)).toBe(url);
  });

  test.each([
    ['ftp://x', 'write it as'],
    ['', 'write it as'],
    ['http://', 'write it as'],
    ['http://x/v1', 'nothing may follow'],
    ['http://x?y', 'nothing may follow'],
    ['http://me:secret@x', 'credentials'],
  ])('%j is none: %s', (text, reason) => {
    const sentence = refusal(() => parseServerUrl(text));
    expect(sentence).toContain(reason);
    expect(sentence).not.toContain('secret');
  });

  test('may be one of several', () => {
    expect(parseServerUrls('http://a, http://b:1')).toEqual(['http://a', 'http://b:1']);
  });
});

describe('the peers', () => {
  test('are ids and URLs, in the order given', () => {
    expect(parsePeers('r2=http://h:2, r1=http://h:1,')).toEqual([
      { id: 'r2', url: 'http://h:2' },
      { id: 'r1', url: 'http://h:1' },
    ]);
  });

  test.each([
    ['http://h:1', 'names no replica'],
    ['r1=http://h:1,r1=http://h:2', 'names r1 twice'],
    ['r1=http://h:1,r2=http://h:1', 'names http://h:1 twice'],
    ['R1=http://h:1', 'not a replica id'],
    ['r1=ftp://h', 'not the URL of a replica'],
    ['r1=', 'not the URL of a replica'],
    [Array.from({ length: 17 }, (_, i) => `r${i}=http://h:${i + 1}`).join(','), 'at most 16'],
  ])('%j are refused: %s', (text, reason) => {
    expect(refusal(() => parsePeers(text))).toContain(reason);
  });
});

describe('a probability', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0.25', 0.25],
    ['.5', 0.5],
    ['10%', 0.1],
    ['100%', 1],
  ])('%j', (text, value) => {
    expect(parseProbability(text)).toBeCloseTo(value, 12);
  });

  test.each(['', '-0.1', '1.1', '101%', 'half', '1e-1', '%'])('%j is none', (text) => {
    expect(refusal(() => parseProbability(text))).toContain('0.1 or 10%');
  });
});

test.each(['0', '17', '-1', '1.5', '', 'x', '1e1'])('%j is not a whole number between 1 and 16', (text) => {
  expect(refusal(() => parseWhole(1, 16)(text))).toContain('between 1 and 16');
});
