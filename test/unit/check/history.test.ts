/** History files: what is written is read back, and what cannot be judged is refused by file and line. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { historyLine } from '../../../src/check/history/line.js';
import { HistoryReader } from '../../../src/check/history/reader.js';
import type { HistoryRecord } from '../../../src/check/history/record.js';

const common = { process: 3, session: 's1', replica: 'r1', level: 'linearizable', invoke: 10, complete: 20 } as const;
const ok = { ...common, status: 'ok' } as const;

const RECORDS: readonly HistoryRecord[] = [
  { ...ok, op: 'read', key: 'a', output: null },
  { ...ok, op: 'read', key: 'a', output: { b: [1, 'x', true] }, outputs: [{ b: [1, 'x', true] }, 2], dot: 'r1~1.4' },
  { ...common, op: 'read', key: 'a', status: 'fail' },
  { ...ok, op: 'write', key: 'a', value: 0, durability: 'majority', tokenIn: 'c1.a', tokenOut: 'c1.b' },
  { ...ok, op: 'write', key: 'a', value: 'é\n', fencing: { lock: 'x=y', token: 7 } },
  { ...ok, op: 'cas', key: 'a', expect: null, value: 'v' },
  { ...ok, op: 'create', key: 'a', value: false },
  { ...common, op: 'delete', key: 'a', status: 'info', complete: null },
  {
    ...ok,
    op: 'txn',
    checks: [{ key: 'a', value: null }],
    onSuccess: [
      { kind: 'put', key: 'a', value: 1 },
      { kind: 'get', key: 'b' },
    ],
    onFailure: [{ kind: 'delete', key: 'a' }],
    output: { succeeded: true, results: [null, 'found'] },
  },
  { ...ok, op: 'acquire', key: 'l', value: 'me', output: 12 },
  { ...ok, op: 'renew', key: 'l', value: 'me', expect: 12 },
  { ...ok, op: 'release', key: 'l', value: 'me', expect: 12 },
  { ...ok, op: 'next', key: 'q', output: 1 },
  { ...ok, op: 'claim', key: 'name', value: 'me', output: 'you' },
  { ...ok, op: 'final', key: 'a', replica: 'r1', output: 'v', outputs: ['v', 'w'] },
];

function read(text: string, file = 'h.jsonl'): readonly HistoryRecord[] {
  const reader = new HistoryReader(file);
  return [...reader.push(text), ...reader.end()];
}

const line = (members: object): string => JSON.stringify({ ...ok, op: 'read', key: 'a', output: 1, ...members });

describe('a history file', () => {
  it('gives back every kind of record as it was written, with its line', () => {
    const text = RECORDS.map((record) => `${historyLine(record)}\n`).join('');
    expect(read(text)).toEqual(RECORDS.map((record, i) => ({ ...record, line: i + 1 })));
  });

  it('is the same whatever pieces it comes in, and needs no last line break', () => {
    const text = RECORDS.map(historyLine).join('\r\n\n');
    const reader = new HistoryReader('h.jsonl');
    const pieces = [...text].flatMap((char) => reader.push(char));
    expect([...pieces, ...reader.end()].map(({ line: _, ...record }) => record)).toEqual(RECORDS);
  });

  it('may begin with a byte order mark, leave out what is null, and have members nobody knows', () => {
    const text =
      '\ufeff{"process":1,"op":"read","key":"a","level":"causal","invoke":1,"complete":2,"status":"ok","x":9}';
    expect(read(text)).toEqual([
      {
        process: 1,
        op: 'read',
        key: 'a',
        level: 'causal',
        invoke: 1,
        complete: 2,
        status: 'ok',
        output: null,
        line: 1,
      },
    ]);
  });

  it('takes the first of all concurrent versions for the one that was shown', () => {
    expect(read(line({ output: undefined, outputs: [4, 5] }))[0]).toMatchObject({ output: 4, outputs: [4, 5] });
  });
});

describe('refused, by its file and line, is', () => {
  it.each([
    ['what is not JSON', '{"op":', 'the line is not JSON'],
    ['what is no object', '[1]', 'the line is not a JSON object'],
    ['an unknown operation', line({ op: 'increment' }), '"op" is none of read, write'],
    ['an unknown level', line({ level: 'strong' }), '"level" is none of'],
    ['a missing level', line({ level: undefined }), '"level" is missing'],
    ['an unknown status', line({ status: 'timeout' }), '"status" is none of ok, fail, info'],
    ['a missing key', line({ key: undefined }), '"key" is not a text'],
    ['an answer without its time', line({ complete: null }), 'an "ok" operation has no "complete"'],
    ['an answer before its question', line({ complete: 9 }), '"complete" is before "invoke"'],
    ['a time that is no number', line({ invoke: '10' }), '"invoke" is not a number'],
    ['a read with a value', line({ output: undefined, value: 1 }), 'its "output", not its "value"'],
    ['a write of nothing', line({ op: 'write' }), '"value" is missing'],
    ['a lock without its token', line({ op: 'acquire', value: 'me', output: undefined }), '"output" is not a number'],
    ['a token that is no whole number', line({ op: 'next', output: 1.5 }), '"output" is not a whole number'],
    ['a fence without a token', line({ op: 'write', value: 1, fencing: 'lock' }), '"fencing" is not lock=token'],
    ['a transaction that does not say how it ended', line({ op: 'txn', if: [{ key: 'a' }], output: null }), '"output"'],
    [
      'a transaction with fewer results than steps',
      `{"op":"txn","process":1,"level":"causal","invoke":1,"complete":2,"status":"ok","then":[{"get":"a"},{"get":"b"}],"output":{"succeeded":true,"results":[1]}}`,
      '"results" has not one member for each step',
    ],
  ])('%s', (_, bad, why) => {
    const attempt = () => read(`${line({})}\n\n${bad}\n`, 'runs/h.jsonl');
    expect(attempt).toThrow(CausewayError);
    expect(attempt).toThrow(/^runs\/h\.jsonl:3: /);
    expect(attempt).toThrow(why);
  });

  it('a line without end, before it fills the memory', () => {
    const reader = new HistoryReader('h.jsonl');
    const half = 'x'.repeat(LIMITS.historyLineMaxChars / 2);
    expect(reader.push(half)).toEqual([]);
    expect(() => reader.push(`${half}x`)).toThrow('h.jsonl:1: the line has more than');
  });

  it('a history of more operations than can be judged', () => {
    const reader = new HistoryReader('h.jsonl', 2);
    expect(() => reader.push(`${line({})}\n`.repeat(3))).toThrow('h.jsonl has more than 2 operations');
  });
});
