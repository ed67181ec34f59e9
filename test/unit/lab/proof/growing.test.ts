/** Numbers that are handed out grow, and none is handed out twice. */
import { expect, test } from 'vitest';
import type { HistoryRecord } from '../../../../src/check/history/record.js';
import { checkGrowing } from '../../../../src/lab/proof/growing.js';

let process = 0;

function next(key: string, output: number, invoke: number, complete: number): HistoryRecord {
  process += 1;
  return { op: 'next', process, level: 'linearizable', key, invoke, complete, status: 'ok', output };
}

test('of requests at the same time either may get the smaller one', () => {
  const records = [next('s', 2, 0, 10), next('s', 1, 5, 20), next('s', 3, 11, 12)];
  expect(checkGrowing(records, 'next')).toEqual({ kind: 'ok', judged: 3 });
});

test('sequences do not concern each other, nor do other operations', () => {
  const records = [next('s', 5, 0, 10), next('t', 5, 20, 30), next('t', 6, 40, 50)];
  expect(checkGrowing(records, 'next')).toEqual({ kind: 'ok', judged: 3 });
  expect(checkGrowing(records, 'acquire')).toEqual({ kind: 'ok', judged: 0 });
});

test('a number that was handed out twice', () => {
  const [first, second] = [next('s', 7, 0, 10), next('s', 7, 2, 4)];
  const verdict = checkGrowing([first, second], 'next');
  expect(verdict).toMatchObject({ kind: 'violated', violations: [{ operations: [first, second] }] });
});

test('a number that is smaller than one known before it was asked for, also with others between', () => {
  const [late, early] = [next('s', 2, 100, 110), next('s', 9, 0, 10)];
  const verdict = checkGrowing([next('s', 1, 0, 5), late, next('s', 8, 50, 120), early], 'next');
  expect(verdict).toMatchObject({ kind: 'violated', violations: [{ operations: [early, late] }] });
});

test('without an answer nothing was handed out', () => {
  const unknown: HistoryRecord = { ...next('s', 1, 0, 1), status: 'info', complete: null };
  expect(checkGrowing([unknown, next('s', 1, 2, 3)], 'next')).toEqual({ kind: 'ok', judged: 1 });
});
