/** What a comparison concludes: a broken promise and a failed assertion are not kept, whatever else went well. */
import { expect, it } from 'vitest';
import type { Level } from '../../../../src/check/history/record.js';
import { parseAssertion } from '../../../../src/lab/compare/assertion.js';
import { type Plan, quickPhases } from '../../../../src/lab/compare/plan.js';
import { Recorder } from '../../../../src/lab/compare/recorder.js';
import { reportPage } from '../../../../src/lab/compare/report/page.js';
import { cellsOf, isDecided, isKept, type Summary, summarise } from '../../../../src/lab/compare/summary.js';

const MS = 1_000_000;
const PLAN: Plan = {
  wan: 'europe',
  replicas: 3,
  seed: 1,
  load: {
    ratePerSecond: 1,
    mix: 'mixed',
    keys: 1,
    distribution: 'zipf',
    valueSize: 16,
    conversationsPerSecond: 1,
    timeoutMs: 100,
  },
  phases: quickPhases(1_000),
};
const REPLICAS = ['r1', 'r2', 'r3'];
const PHASE = {
  name: 'healthy',
  kind: 'none',
  what: 'no fault',
  startMs: 0,
  endMs: 100,
  nextMs: 100,
  sides: [{ name: 'all', replicas: REPLICAS }],
} as const;
const ENVIRONMENT = {
  causeway: '0',
  node: '0',
  system: '',
  processor: '',
  processors: 2,
  memoryBytes: 1,
  broker: '',
  loadBefore: 0,
  loadAfter: 0,
};

/** One client writes twice, and another reads the first of it when both are acknowledged: stale, whatever the level. */
function summaryAt(level: Level, assertions: readonly string[] = []): { summary: Summary; recorder: Recorder } {
  const recorder = new Recorder();
  const ask = (process: number, atMs: number, deed: object): void => {
    const invoke = atMs * MS;
    const told = { process, replica: 'r1', level, invoke, complete: invoke + MS, status: 'ok', key: 'x', ...deed };
    recorder.add({ record: told as never, intended: invoke, purpose: 'read', code: 200 });
  };
  ask(1, 10, { op: 'write', value: 'a' });
  ask(1, 20, { op: 'write', value: 'b' });
  ask(2, 30, { op: 'read', output: 'a' });
  const recorded = { recorder, phases: [PHASE], clients: 2, convergenceAtEndMs: 1.23456 };
  const summary = summarise(recorded, {
    plan: PLAN,
    startedAt: 'now',
    command: 'causeway compare',
    environment: ENVIRONMENT,
    assertions: assertions.map(parseAssertion),
    replicas: REPLICAS,
  });
  return { summary, recorder };
}

it('a stale read breaks the promise of linearizable, and none of eventual', () => {
  const broken = summaryAt('linearizable').summary.results;
  expect(broken.promises.find(({ model }) => model === 'linearizable')).toMatchObject({
    verdict: 'violated',
    judged: 3,
  });
  expect([isKept(broken), isDecided(broken)]).toEqual([false, true]);
  const kept = summaryAt('eventual').summary.results;
  expect(kept.promises.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(isKept(kept)).toBe(true);
  for (const { cells } of [broken, kept])
    expect(cells.map(({ anomalies }) => anomalies.staleReads).reduce((a, b) => a + b)).toBe(1);
});

it('each assertion has to hold', () => {
  const { results } = summaryAt('eventual', ['eventual.staleReads=1', 'eventual.read.p99<1ms']).summary;
  expect(results.assertions.map(({ holds, measured }) => [holds, measured])).toEqual([
    [true, 1],
    [false, 1],
  ]);
  expect(isKept(results)).toBe(false);
});

it('a promise of which nothing is known is kept, and not decided', () => {
  const { results } = summaryAt('eventual').summary;
  const [first, ...others] = results.promises;
  if (first === undefined) throw new RangeError('no promises');
  const unknown = { ...results, promises: [{ ...first, verdict: 'unknown' as const }, ...others] };
  expect([isKept(unknown), isDecided(unknown)]).toEqual([true, false]);
});

it('the figures of a phase are known when it ends', () => {
  const { summary, recorder } = summaryAt('causal');
  expect(cellsOf(PHASE, recorder.measured)).toEqual(summary.results.cells);
});

it('a report says at once that a promise is broken', () => {
  const { summary, recorder } = summaryAt('linearizable');
  expect(reportPage(summary, recorder.measured)).toContain('<p class="verdict violated">A promise was broken');
});
