/** A history in rounds gets the verdict that it would get as a whole. */
import { expect, test } from 'vitest';
import type { HistoryRecord } from '../../../../src/check/history/record.js';
import { judge } from '../../../../src/check/judge.js';
import { judgeRounds } from '../../../../src/lab/proof/rounds.js';

let clock = 0;

function record(told: {
  readonly op: HistoryRecord['op'];
  readonly key: string;
  readonly [field: string]: unknown;
}): HistoryRecord {
  clock += 2;
  const usual = { process: 1, replica: 'r1', level: 'linearizable', invoke: clock, complete: clock + 1, status: 'ok' };
  return { ...usual, ...told } as HistoryRecord;
}

const write = (key: string, value: string): HistoryRecord => record({ op: 'write', key, value });
const read = (key: string, output: string): HistoryRecord => record({ op: 'read', key, output });
const next = (output: number): HistoryRecord => record({ op: 'next', key: 'orders', output });
const verdicts = (judgements: ReturnType<typeof judge>): readonly string[] =>
  judgements.map(({ model, verdict }) => `${model} ${verdict.kind} ${verdict.judged}`);

test('all models are judged, each operation once', () => {
  const rounds = [
    [write('a', '1'), read('a', '1'), next(1)],
    [write('b', '2'), next(2), read('b', '2')],
  ];
  const found = judgeRounds(rounds.flat(), rounds);
  expect(verdicts(found)).toEqual(verdicts(judge(rounds.flat())));
  expect(found.map(({ verdict }) => verdict.kind)).toEqual(found.map(() => 'ok'));
});

test('what is wrong in one round is wrong with the whole, and shown', () => {
  const rounds = [
    [write('a', '1'), read('a', '1')],
    [write('b', '2'), write('b', '3'), read('b', '2')],
    [write('c', '4')],
  ];
  const [linearizable] = judgeRounds(rounds.flat(), rounds);
  expect(linearizable).toMatchObject({ model: 'linearizable', verdict: { kind: 'violated', judged: 6, found: 1 } });
  expect(JSON.stringify(linearizable)).toContain('"key":"b"');
});

test('a number that is drawn again in a later round is found', () => {
  const rounds = [[next(1), next(2)], [next(2)]];
  const sequence = judgeRounds(rounds.flat(), rounds).find(({ model }) => model === 'sequence');
  expect(sequence?.verdict.kind).toBe('violated');
});

test('what is noted of some rounds only is told with their number', () => {
  const at = (process: number, one: HistoryRecord): HistoryRecord => ({ ...one, process, level: 'causal' });
  // Each sees its own write replaced by the other's: in no common order, but each in one of its own.
  const crossed = [
    [at(1, write('a', '1')), at(2, write('a', '2'))],
    [at(1, read('a', '1')), at(2, read('a', '2'))],
    [at(1, read('a', '2')), at(2, read('a', '1'))],
  ].flat();
  const plain = [at(1, write('b', '3')), at(1, read('b', '3'))];
  const notes = (...rounds: HistoryRecord[][]) =>
    judgeRounds(rounds.flat(), rounds).find(({ model }) => model === 'causal')?.notes;
  expect(notes(plain, plain)).toEqual(['causal convergence (CCv) holds', 'causal memory (CM) holds']);
  expect(notes(crossed, plain)).toEqual([
    'causal convergence (CCv) does not hold in 1 of 2 rounds',
    'causal convergence (CCv) holds in 1 of 2 rounds',
    'causal memory (CM) holds',
  ]);
});
