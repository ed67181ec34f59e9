/** Where the checkers are exact to the moment, and where they say that they do not know. */
import { describe, expect, it } from 'vitest';
import { analyseCausality, strongerModels } from '../../../src/check/causal/analysis.js';
import { checkCausalConsistency } from '../../../src/check/causal-consistency.js';
import { checkConvergence } from '../../../src/check/convergence.js';
import type { HistoryRecord } from '../../../src/check/history/record.js';
import { checkLinearizability } from '../../../src/check/linearizability.js';
import { checkSessionGuarantees } from '../../../src/check/session-guarantees.js';

const ok = { process: 1, session: 's1', level: 'causal', status: 'ok', key: 'x' } as const;

describe('a session', () => {
  const write: HistoryRecord = { ...ok, op: 'write', value: 1, invoke: 0, complete: 10 };
  const stale = (invoke: number): HistoryRecord => ({ ...ok, op: 'read', output: null, invoke, complete: 20 });

  it('knows an answer in the moment when it comes, wherever it stands in the file', () => {
    for (const records of [
      [stale(10), write],
      [write, stale(10)],
    ]) {
      expect(checkCausalConsistency(records).kind).toBe('violated');
      expect(checkSessionGuarantees(records)).toMatchObject({ violations: [{ rule: 'read-your-writes' }] });
    }
  });

  it('does not know it a moment before', () => {
    expect(checkCausalConsistency([write, stale(9)]).kind).toBe('ok');
    expect(checkSessionGuarantees([write, stale(9)]).kind).toBe('ok');
  });

  it('is that of the process if nobody names one', () => {
    const records = [write, stale(10)].map(({ session: _, ...record }) => record as HistoryRecord);
    expect(checkSessionGuarantees(records).kind).toBe('violated');
    const named: HistoryRecord = { ...ok, session: 's9', op: 'write', key: 'y', value: 1, invoke: 0, complete: 1 };
    expect(checkSessionGuarantees([...records, named]).kind).toBe('ok');
  });
});

describe('a write at the end', () => {
  const final: HistoryRecord = { ...ok, op: 'final', replica: 'r1', output: 1, outputs: [1], invoke: 90, complete: 91 };
  const shown: HistoryRecord = {
    ...ok,
    session: 'a',
    level: 'eventual',
    op: 'write',
    value: 1,
    invoke: 0,
    complete: 10,
  };
  const bridge: HistoryRecord = { ...shown, session: 'b', value: 2, invoke: 10, complete: 30 };
  const last = (invoke: number): HistoryRecord => ({ ...shown, session: 'c', value: 3, invoke, complete: 40 });

  it('may have been superseded by what was under way in the same moment, at second hand too', () => {
    expect(checkConvergence([shown, bridge, last(30), final]).kind).toBe('ok');
  });

  it('is lost if everything that could have superseded it was over', () => {
    expect(checkConvergence([shown, bridge, last(31), final])).toMatchObject({ violations: [{ rule: 'write-lost' }] });
  });
});

describe('unknown', () => {
  it('is said of a search that was given too few steps', () => {
    const records = Array.from({ length: 8 }, (_, i): HistoryRecord => {
      return {
        ...ok,
        level: 'linearizable',
        op: i % 2 === 0 ? 'delete' : 'read',
        output: null,
        invoke: i,
        complete: 20 + i,
      };
    });
    const verdict = checkLinearizability(records, { maxSteps: 1 });
    expect(verdict).toMatchObject({ kind: 'unknown', judged: 8 });
    expect(verdict).toHaveProperty('reason', expect.stringContaining('1 steps were not enough for 1 of 1 partitions'));
    expect(checkLinearizability(records).kind).toBe('ok');
  });

  it('is said of a history that is too large to follow who knew what', () => {
    const records: readonly HistoryRecord[] = [
      { ...ok, op: 'write', value: 1, invoke: 0, complete: 10 },
      { ...ok, op: 'read', output: 1, invoke: 20, complete: 30 },
    ];
    const analysis = analyseCausality(records, 0);
    expect(checkCausalConsistency(records, analysis)).toMatchObject({ kind: 'unknown', judged: 2 });
    expect(checkSessionGuarantees(records, analysis).kind).toBe('unknown');
    expect(strongerModels(analysis)).toEqual({ convergence: 'unknown', memory: 'unknown' });
  });

  it('is said of a read whose value was written too often to tell by whom', () => {
    const deletions = Array.from({ length: 70 }, (_, i): HistoryRecord => {
      return { ...ok, op: 'delete', invoke: i * 10, complete: i * 10 + 5 };
    });
    const rest: readonly HistoryRecord[] = [
      { ...ok, op: 'write', value: 1, invoke: 1_000, complete: 1_010 },
      { ...ok, op: 'read', output: null, invoke: 1_020, complete: 1_030 },
    ];
    expect(checkCausalConsistency([...deletions, ...rest])).toMatchObject({ kind: 'unknown' });
    expect(checkCausalConsistency([...deletions.slice(20), ...rest])).toMatchObject({ kind: 'violated' });
  });
});
