/** All models at once, and what is said beside their verdicts. */
import { expect, it } from 'vitest';
import type { HistoryRecord } from '../../../src/check/history/record.js';
import { judge, MODELS } from '../../../src/check/judge.js';

const WRITTEN: HistoryRecord = {
  process: 1,
  session: 's',
  level: 'causal',
  op: 'write',
  key: 'x',
  value: 'a',
  invoke: 1,
  complete: 2,
  status: 'ok',
};

it('every model has a verdict, in their order', () => {
  expect(judge([WRITTEN]).map(({ model, verdict }) => [model, verdict.kind])).toEqual(
    MODELS.map((model) => [model, 'ok']),
  );
});

it('verdicts can be had without what is reported and not promised', () => {
  const [noted] = judge([WRITTEN], ['causal']);
  const [bare] = judge([WRITTEN], ['causal'], { verdictsOnly: true });
  expect(noted?.notes).toHaveLength(2);
  expect(bare).toEqual({ ...noted, notes: [] });
});
