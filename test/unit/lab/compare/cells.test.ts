/** The figures of a small history that can be counted by hand. */
import { describe, expect, it } from 'vitest';
import { anomaliesAt } from '../../../../src/lab/compare/anomalies.js';
import { cellOf, requestsOf } from '../../../../src/lab/compare/cells.js';
import type { Measured, Purpose } from '../../../../src/lab/compare/measured.js';
import type { PhaseRun } from '../../../../src/lab/compare/results.js';
import { WriteHistory } from '../../../../src/lab/compare/staleness.js';

const MS = 1_000_000;
const ALL = { name: 'all', replicas: ['r1', 'r2'] };
const PHASE: PhaseRun = {
  name: 'healthy',
  kind: 'none',
  what: '',
  startMs: 0,
  endMs: 1_000,
  nextMs: 1_100,
  sides: [ALL],
};

interface Times {
  /** When it should have been sent, was sent and was answered, in ms. */
  readonly at: readonly [intended: number, invoke: number, complete: number | null];
  readonly replica?: string;
  readonly process?: number;
  readonly status?: 'ok' | 'fail' | 'info';
  readonly code?: number;
  readonly purpose?: Purpose;
  readonly basedOn?: string | null;
}

function told(times: Times) {
  const { at, replica = 'r1', process = 1, status = 'ok' } = times;
  const complete = at[2] === null ? null : at[2] * MS;
  return { process, replica, level: 'eventual', invoke: at[1] * MS, complete, status } as const;
}

function measured(record: Measured['record'], times: Times, purpose: Purpose): Measured {
  const { basedOn } = times;
  const based = basedOn === undefined ? {} : { basedOn };
  return { record, intended: times.at[0] * MS, purpose: times.purpose ?? purpose, code: times.code ?? 200, ...based };
}

function write(key: string, value: string, times: Times): Measured {
  return measured({ ...told(times), op: 'write', key, value }, times, 'write');
}

function read(key: string, output: string | null, times: Times): Measured {
  return measured({ ...told(times), op: 'read', key, output }, times, 'read');
}

function cell(all: readonly Measured[], phase = PHASE, side = ALL) {
  const nothing = anomaliesAt('causal', all);
  const anomalies = { eventual: anomaliesAt('eventual', all), causal: nothing, linearizable: nothing };
  const judged = { writes: new WriteHistory(all), anomalies };
  return cellOf(requestsOf(all, 'eventual', phase, side), 'eventual', phase, side, judged);
}

describe('the figures of a cell', () => {
  it('count waiting from the intended start, and refusals and unknown outcomes apart from it', () => {
    const { write: figures } = cell([
      write('x', 'a', { at: [10, 40, 60] }),
      write('x', 'b', { at: [10, 10, 900], status: 'fail', code: 503 }),
      write('x', 'c', { at: [10, 10, null], status: 'info', code: 0 }),
      write('x', 'd', { at: [20, 20, 30], status: 'fail', code: 412 }),
    ]);
    expect(figures).toMatchObject({ ok: 2, refused: 1, unknown: 1, okPerSecond: 2 });
    expect(figures.latencyMs).toMatchObject({ count: 2, p50: expect.closeTo(10, 1), max: 50 });
  });

  it('are of those who meant to begin in the phase, at replicas of the side', () => {
    const all = [
      write('x', 'a', { at: [999, 1_050, 1_060] }),
      write('x', 'b', { at: [1_100, 1_100, 1_101] }),
      write('x', 'c', { at: [500, 500, 501], replica: 'r2' }),
    ];
    expect(cell(all).write.ok).toBe(2);
    expect(cell(all, PHASE, { name: 'one', replicas: ['r2'] }).write.ok).toBe(1);
  });

  it('say how old reads were, in ms and in versions', () => {
    const writes = [
      write('x', 'a', { at: [0, 0, 10] }),
      write('x', 'b', { at: [20, 20, 30] }),
      write('x', 'c', { at: [40, 40, 50] }),
      write('x', 'd', { at: [60, 60, 900] }),
    ];
    const { staleness } = cell([
      ...writes,
      read('x', 'a', { at: [80, 80, 81] }),
      read('x', 'c', { at: [80, 80, 81] }),
      read('x', 'd', { at: [80, 80, 81] }),
      read('x', null, { at: [12, 12, 13] }),
    ]);
    expect(staleness).toMatchObject({ reads: 4, stale: 2, ms: { p50: 0, max: 50 }, versions: { max: 2 } });
  });

  it('take a write that began before the shown one was over for no newer one', () => {
    const writes = [write('x', 'a', { at: [0, 0, 30] }), write('x', 'b', { at: [10, 10, 20] })];
    expect(cell([...writes, read('x', 'a', { at: [40, 40, 41] })]).staleness.stale).toBe(0);
    expect(cell([...writes, read('x', 'b', { at: [40, 40, 41] })]).staleness.stale).toBe(0);
  });

  it('leave conversations to the anomalies', () => {
    const talk = { purpose: 'talk' } as const;
    const all = [
      write('q', 'question', { at: [0, 0, 5], process: 1, ...talk }),
      read('q', 'question', { at: [6, 6, 7], process: 2, ...talk }),
      write('a', 'answer', { at: [8, 8, 9], process: 2, ...talk }),
      read('a', 'answer', { at: [10, 10, 11], process: 3, ...talk }),
      read('q', null, { at: [12, 12, 13], process: 3, ...talk }),
    ];
    const { read: reads, write: writes, anomalies, staleness } = cell(all);
    expect([reads.ok, writes.ok, staleness.reads]).toEqual([0, 0, 0]);
    expect(anomalies).toEqual({ staleReads: 0, causalViolations: 1, lostUpdates: 0, duplicateClaims: 0 });
    expect(anomaliesAt('eventual', all).first?.operations.length).toBeGreaterThan(3);
  });

  it('count updates that were lost, and names that were given twice', () => {
    const update = { purpose: 'update', basedOn: 'a' } as const;
    const claim = { purpose: 'claim' } as const;
    const { anomalies } = cell([
      write('x', 'b', { at: [0, 0, 5], ...update }),
      write('x', 'c', { at: [1, 1, 6], ...update }),
      write('x', 'd', { at: [2, 2, 7], ...update, status: 'fail', code: 503 }),
      write('y', 'e', { at: [3, 3, 8], ...update, basedOn: null }),
      write('z', 'f', { at: [3, 3, 8], ...update, basedOn: null }),
      write('name', 'g', { at: [4, 4, 8], ...claim }),
      write('name', 'h', { at: [5, 5, 9], ...claim }),
    ]);
    expect(anomalies).toMatchObject({ lostUpdates: 1, duplicateClaims: 1 });
  });
});

describe('t-visibility', () => {
  it('compares reads with the last write that another replica acknowledged', () => {
    const all = [
      write('x', 'a', { at: [0, 0, 10] }),
      write('x', 'b', { at: [20, 20, 30] }),
      read('x', 'a', { at: [33, 33, 34], replica: 'r2' }),
      read('x', 'b', { at: [60, 60, 61], replica: 'r2' }),
      read('x', 'a', { at: [61, 61, 62] }),
      read('x', 'a', { at: [15, 15, 16], replica: 'r2' }),
    ];
    const points = new WriteHistory(all).visibilityOf(all).filter(({ reads }) => reads > 0);
    expect(points).toEqual([
      { fromMs: 2, reads: 1, saw: 0 },
      { fromMs: 5, reads: 1, saw: 1 },
      { fromMs: 20, reads: 1, saw: 1 },
    ]);
  });

  it('takes a write that overlapped the last one for it or newer', () => {
    const all = [
      write('x', 'a', { at: [0, 0, 25] }),
      write('x', 'b', { at: [20, 20, 30] }),
      read('x', 'a', { at: [33, 33, 34], replica: 'r2' }),
    ];
    const points = new WriteHistory(all).visibilityOf(all).filter(({ reads }) => reads > 0);
    expect(points).toEqual([{ fromMs: 2, reads: 1, saw: 1 }]);
  });
});
