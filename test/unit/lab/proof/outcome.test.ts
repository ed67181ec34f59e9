/** What a proof says at its end, to people and to scripts. */
import { expect, test } from 'vitest';
import { MODELS } from '../../../../src/check/judge.js';
import type { Verdict } from '../../../../src/check/verdict.js';
import { exitCode, type Outcome } from '../../../../src/lab/proof/outcome.js';
import { renderOutcome } from '../../../../src/lab/proof/render.js';
import { History, tallyOf } from '../../../../src/lab/workload/history.js';

const OK: Verdict = { kind: 'ok', judged: 3 };
const UNKNOWN: Verdict = { kind: 'unknown', judged: 3, reason: 'it was too much' };
const VIOLATED: Verdict = {
  kind: 'violated',
  judged: 3,
  found: 1,
  violations: [{ rule: 'growing', sentence: '7 was handed out twice', operations: [] }],
};

function outcome(verdicts: readonly Verdict[], troubles: readonly string[] = []): Outcome {
  const history = new History();
  const common = { process: 1, level: 'linearizable', key: 'k', invoke: 1 } as const;
  history.add({ ...common, op: 'read', complete: 2, status: 'ok', output: null });
  history.add({ ...common, op: 'read', complete: null, status: 'info' });
  const judgements = verdicts.map((verdict, i) => ({ model: MODELS[i] ?? 'linearizable', verdict, notes: [] }));
  return { history, tally: tallyOf(history.records), judgements, troubles, facts: { seconds: 4 } };
}

test.each([
  ['everything held', [outcome([OK, OK]), outcome([OK])], 0],
  ['a promise was broken', [outcome([OK, VIOLATED])], 1],
  ['one was broken and another is undecided', [outcome([UNKNOWN]), outcome([VIOLATED])], 1],
  ['something else was wrong', [outcome([OK], ['r1 ended'])], 1],
  ['something else was wrong and one is undecided', [outcome([UNKNOWN], ['r1 ended'])], 1],
  ['a checker could not decide', [outcome([OK, UNKNOWN])], 2],
] as const)('the exit code when %s', (_, outcomes, code) => {
  expect(exitCode(outcomes)).toBe(code);
});

test('the text names counts, verdicts and what is wrong', () => {
  const text = renderOutcome('registers', outcome([VIOLATED, UNKNOWN], ['r1 ended']));
  expect(text).toContain('seconds: 4');
  expect(text).toMatch(/linearizable read +1 ok +0 not applied +1 unknown/);
  for (const part of ['linearizable: violated', '7 was handed out twice', 'it was too much', 'r1 ended']) {
    expect(text).toContain(part);
  }
});
