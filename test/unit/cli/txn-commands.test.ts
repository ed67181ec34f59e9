/** cas and txn: how a transaction is written on the command line, and what is made of its answer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answer, runAgainst } from './running.js';

const written = (key: string) => ({ key, etag: '"log.7"' });
const found = (key: string, value: string, encoding = 'utf8') => ({ key, etag: '"log.5"', value, encoding });
const absent = (key: string) => ({ key, etag: null, value: null });

describe('cas', () => {
  test('swaps, and prints the new etag', async () => {
    const { exit, terminal, replica } = await runAgainst(
      [answer({ succeeded: true, results: [written('k')] })],
      ['cas', 'k', 'old', 'new', '--fencing-token', 'l=4', '--idempotency-key', 'x'],
    );
    expect(exit).toBe(0);
    expect(terminal.output()).toBe('"log.7"\n');
    expect(replica.requests).toMatchObject([{ method: 'POST', path: '/v1/txn' }]);
    expect(replica.requests[0]?.headers).toMatchObject({ 'fencing-token': 'l=4', 'idempotency-key': 'x' });
    expect(replica.requests[0]?.body).toBe(
      '{"if":[{"key":"k","value":"old"}],"then":[{"put":"k","value":"new"}],"else":[{"get":"k"}]}',
    );
  });

  test.each([
    [found('k', 'other\n'), '"other\\n"'],
    [found('k', '/w==', 'base64'), '(binary)'],
    [absent('k'), '(absent)'],
  ])('that finds something else says what, and exits with 4', async (result, shown) => {
    const { exit, terminal } = await runAgainst(
      [answer({ succeeded: false, results: [result] })],
      ['cas', 'k', 'a', 'b'],
    );
    expect(exit).toBe(4);
    expect(terminal.output()).toBe('');
    expect(terminal.errors()).toBe(`not swapped: the value is ${shown}\n`);
  });
});

describe('txn', () => {
  const held = answer({ succeeded: true, results: [written('a'), found('b', '1'), absent('c')] });
  // As text: an object with a member `then` is taken for a promise by tools.
  const document =
    '{"if":[{"key":"a","value":"1=2"},{"key":"b","etag":"\\"log.5\\""},{"key":"c","etag":null}],' +
    '"then":[{"put":"a","value":""},{"put":"d","value":"x"},{"delete":"e"},{"get":"b"}],' +
    '"else":[{"put":"f","value":"1"},{"delete":"g"},{"get":"c"}]}';
  const flags = ['--if', 'a=1=2', '--if-etag', 'b="log.5"', '--if-absent', 'c', '--put', 'a=', '--put', 'd=x'];
  const others = ['--del', 'e', '--get', 'b', '--else-put', 'f=1', '--else-del', 'g', '--else-get', 'c'];

  test('is written as flags', async () => {
    const { exit, terminal, replica } = await runAgainst([held], ['txn', ...flags, ...others]);
    expect(exit).toBe(0);
    expect(replica.requests[0]?.body).toBe(document);
    expect(terminal.output()).toBe(
      'KEY  ETAG     VALUE\na    "log.7"  (written)\nb    "log.5"  "1"\nc    -        (absent)\n',
    );
    expect(terminal.errors()).toBe('the conditions held\n');
  });

  test('is read from standard input as the API has it', async () => {
    const input = Buffer.from(document);
    const { exit, replica } = await runAgainst([held], ['txn', '-'], { input });
    expect(exit).toBe(0);
    expect(replica.requests[0]?.body).toBe(document);
  });

  test('is read from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-txn-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'txn.json');
    writeFileSync(path, document);
    const { exit, terminal, replica } = await runAgainst([held], ['txn', path, '-o', 'json']);
    expect(exit).toBe(0);
    expect(replica.requests[0]?.body).toBe(document);
    expect(JSON.parse(terminal.output())).toMatchObject({ succeeded: true });
  });

  test('whose conditions do not hold exits with 4, after what stands in else was done', async () => {
    const { exit, terminal } = await runAgainst([answer({ succeeded: false, results: [] })], ['txn', '--put', 'a=1']);
    expect(exit).toBe(4);
    expect(terminal.errors()).toBe('a condition did not hold\n');
  });

  test.each([
    ['nothing', [], undefined],
    ['a flag without =', ['--put', 'a'], undefined],
    ['a flag without a key', ['--if', '=1'], undefined],
    ['a document and flags', ['-', '--put', 'a=1'], '{}'],
    ['no JSON', ['-'], 'oops'],
    ['a list', ['-'], '[]'],
    ['a file that is not there', ['/nowhere/txn.json'], undefined],
  ])('%s is misuse, and nothing is sent', async (_, args, input) => {
    const options = input === undefined ? {} : { input: Buffer.from(input) };
    const { exit, replica } = await runAgainst([held], ['txn', ...args], options);
    expect(exit).toBe(2);
    expect(replica.requests).toEqual([]);
  });
});
