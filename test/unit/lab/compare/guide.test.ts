/** What a newcomer is told of a comparison: the figures as they are, whatever was hoped for. */
import { describe, expect, it } from 'vitest';
import type { Level } from '../../../../src/check/history/record.js';
import { lessonOf } from '../../../../src/lab/compare/guide/lessons.js';
import { seenIn, servedWords } from '../../../../src/lab/compare/guide/seen.js';
import { overviewOf } from '../../../../src/lab/compare/overview.js';
import { fullPhases, LEVELS } from '../../../../src/lab/compare/plan.js';
import type { AnomalyFigures, Cell, PhaseRun, RequestFigures } from '../../../../src/lab/compare/results.js';

const NOTHING: AnomalyFigures = { staleReads: 0, causalViolations: 0, lostUpdates: 0, duplicateClaims: 0 };

function phase(name: string, kind: PhaseRun['kind']): PhaseRun {
  return { name, kind, what: '', startMs: 0, endMs: 1, nextMs: 1, sides: [] };
}

function figures(ok: number, refused: number, p50?: number): RequestFigures {
  const latencyMs = p50 === undefined ? null : { count: ok, p50, p90: p50, p99: p50, p999: p50, max: p50 };
  return { ok, refused, unknown: 0, okPerSecond: ok, latencyMs };
}

function cell(level: Level, in_: PhaseRun, side: string, more: Partial<Cell> = {}): Cell {
  return {
    level,
    phase: in_.name,
    side,
    replicas: ['r1'],
    read: figures(4, 0, 2),
    write: figures(2, 0, 7.5),
    staleness: { reads: 4, stale: 0, ms: null, versions: null },
    anomalies: NOTHING,
    readsWithConflicts: 0,
    ...more,
  };
}

const HEALTHY = phase('healthy', 'none');
const SLOW = phase('slow link', 'slow-link');
const CUT = phase('partition', 'partition');

describe('what was seen', () => {
  it('when all was well is what was waited for, what was stale and what was lost', () => {
    const worst = { count: 4, p50: 0, p90: 40, p99: 40, p999: 40, max: 40 };
    const cells = LEVELS.map((level) =>
      level === 'eventual'
        ? cell(level, HEALTHY, 'all', {
            staleness: { reads: 4, stale: 1, ms: worst, versions: null },
            anomalies: { ...NOTHING, lostUpdates: 3 },
          })
        : cell(level, HEALTHY, 'all', level === 'causal' ? {} : { write: figures(0, 2) }),
    );
    expect(seenIn(HEALTHY, true, cells)).toEqual([
      'Half of the reads took no longer than 2.00 ms at eventual, 2.00 ms at causal and 2.00 ms at linearizable.',
      'Half of the writes took no longer than 7.50 ms at eventual, 7.50 ms at causal and nothing was served at linearizable.',
      'Stale reads: 25.0% at eventual (the worst by 40.0 ms), none at causal and none at linearizable.',
      'Lost updates: 3 at eventual, none at causal and none at linearizable.',
      'Names given twice: none at eventual, none at causal and none at linearizable.',
    ]);
  });

  it('behind a slow link says so when nobody was caught', () => {
    const caught = cell('eventual', SLOW, 'others', { anomalies: { ...NOTHING, causalViolations: 2 } });
    const others = [cell('causal', SLOW, 'others'), cell('linearizable', SLOW, 'others')];
    const [some] = seenIn(SLOW, false, [caught, ...others]);
    expect(some).toBe('Effects seen before their causes: 2 at eventual, none at causal and none at linearizable.');
    const [none] = seenIn(SLOW, false, [cell('eventual', SLOW, 'others'), ...others]);
    expect(none).toContain('this time nobody did');
  });

  it('in a partition is who was served on which side', () => {
    const cells = [
      cell('linearizable', CUT, 'minority', { read: figures(0, 3), write: figures(0, 2) }),
      cell('linearizable', CUT, 'majority', { read: figures(4, 1, 2) }),
    ];
    expect(seenIn(CUT, false, cells)).toContain('linearizable: minority: all 5 refused; majority: 6 of 7 served.');
  });

  it('of nothing is nothing', () => {
    expect(servedWords({ ok: 0, asked: 0 })).toBe('nothing was asked');
  });
});

it('every phase of a comparison has a lesson, the last ones of their own', () => {
  const lessons = fullPhases(1_000).map((each, i) => lessonOf(each, i === 0));
  expect(new Set(lessons.map(({ before }) => before)).size).toBe(6);
  for (const { look } of lessons) expect(look.length).toBeGreaterThan(0);
});

it('an overview has the costs of the first phase, the sides of the first partition, and anomalies of all', () => {
  const cells = LEVELS.flatMap((level) => [
    cell(level, HEALTHY, 'all', { anomalies: { ...NOTHING, staleReads: 1 } }),
    cell(level, CUT, 'minority', { read: figures(0, 4), anomalies: { ...NOTHING, staleReads: 2 } }),
    cell(level, CUT, 'majority'),
  ]);
  expect(overviewOf([HEALTHY, CUT], cells)).toEqual(
    LEVELS.map((level) => ({
      level,
      readMs: 2,
      writeMs: 7.5,
      minority: { ok: 2, asked: 6 },
      majority: { ok: 6, asked: 6 },
      anomalies: { ...NOTHING, staleReads: 3 },
    })),
  );
  expect(overviewOf([HEALTHY], cells)[0]?.minority).toBeUndefined();
});
