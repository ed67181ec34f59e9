/** Locks, sequences, claims and staleness against definitions that look at every pair of operations. */
import { describe, expect, it } from 'vitest';
import { checkClaims } from '../../../src/check/claims.js';
import type { HistoryRecord } from '../../../src/check/history/record.js';
import { checkLocks } from '../../../src/check/locks.js';
import { checkSequences } from '../../../src/check/sequences.js';
import { reportStaleness } from '../../../src/check/staleness.js';
import type { Verdict } from '../../../src/check/verdict.js';
import { type SeededRandom, seededRandom } from '../../support/seeded-random.js';

const SEEDS = 1_000;

type Pair = (a: HistoryRecord, b: HistoryRecord) => boolean;

/** Whether a is over when b begins. */
const endsBefore: Pair = (a, b) => a.status === 'ok' && a.complete !== null && a.complete < b.invoke;

function agree(
  make: (random: SeededRandom) => readonly HistoryRecord[],
  check: (records: readonly HistoryRecord[]) => Verdict,
  isBroken: Pair,
): void {
  const verdicts = { ok: 0, violated: 0, unknown: 0 };
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const records = make(seededRandom(seed));
    const expected = records.some((a) => records.some((b) => a !== b && isBroken(a, b))) ? 'violated' : 'ok';
    const { kind } = check(records);
    if (kind !== expected) {
      expect.fail(
        `seed ${seed}: ${kind}, not ${expected}\n${records.map((record) => JSON.stringify(record)).join('\n')}`,
      );
    }
    verdicts[kind] += 1;
  }
  expect(Math.min(verdicts.ok, verdicts.violated)).toBeGreaterThan(SEEDS / 20);
}

function timed(random: SeededRandom, i: number) {
  const invoke = i * 10 + random.int(20);
  const isLost = random.chance(0.1);
  const common = { process: i, session: `s${random.int(2)}`, level: 'linearizable' as const, invoke };
  if (isLost) return { ...common, complete: null, status: 'info' as const };
  return {
    ...common,
    complete: invoke + random.int(20),
    status: random.chance(0.1) ? ('fail' as const) : ('ok' as const),
  };
}

describe('every pair of operations says the same of', () => {
  it('locks', () => {
    const make = (random: SeededRandom): readonly HistoryRecord[] =>
      Array.from({ length: 6 }, (_, i): HistoryRecord => {
        const common = { ...timed(random, i), key: random.pick(['l', 'l', 'm']) };
        const token = i + random.int(4);
        const value = random.pick(['ann', 'bob']);
        if (random.chance(0.6)) return { ...common, op: 'acquire', value, output: token };
        if (random.chance(0.5))
          return { ...common, op: random.pick(['renew', 'release'] as const), value, expect: token };
        const level = random.pick(['linearizable', 'causal'] as const);
        return { ...common, op: 'write', level, value, fencing: { lock: common.key, token } };
      });
    agree(make, checkLocks, (a, b) => {
      if (a.op !== 'acquire' || a.status !== 'ok' || b.status !== 'ok') return false;
      const given = a.output ?? 0;
      if (b.op === 'acquire') {
        if (a.key !== b.key) return false;
        return (given === b.output && a.value !== b.value) || (endsBefore(a, b) && given > (b.output ?? 0));
      }
      if (b.op === 'write' && b.level === 'linearizable') {
        return b.fencing?.lock === a.key && endsBefore(a, b) && given > b.fencing.token;
      }
      return (b.op === 'renew' || b.op === 'release') && b.key === a.key && endsBefore(a, b) && given > b.expect;
    });
  });

  it('sequences', () => {
    const make = (random: SeededRandom): readonly HistoryRecord[] =>
      Array.from({ length: 6 }, (_, i): HistoryRecord => {
        const number = Math.max(1, i * 2 + random.int(5) - 1);
        return { ...timed(random, i), op: 'next', key: random.pick(['q', 'q', 'r']), output: number };
      });
    agree(make, checkSequences, (a, b) => {
      if (a.op !== 'next' || b.op !== 'next' || a.key !== b.key || a.status !== 'ok' || b.status !== 'ok') return false;
      return a.output === b.output || (endsBefore(a, b) && (a.output ?? 0) > (b.output ?? 0));
    });
  });

  it('claims, as far as there is one winner', () => {
    const make = (random: SeededRandom): readonly HistoryRecord[] => {
      const winner = random.pick(['ann', 'bob']);
      return Array.from({ length: 4 }, (_, i): HistoryRecord => {
        const { complete: _complete, ...common } = timed(random, 0);
        const output = random.chance(0.9) ? winner : random.pick(['ann', 'bob']);
        return {
          ...common,
          invoke: 0,
          complete: 10 + i,
          status: 'ok',
          op: 'claim',
          key: 'k',
          value: i === 0 ? winner : 'zoe',
          output,
        };
      });
    };
    agree(make, checkClaims, (a, b) => a.op === 'claim' && b.op === 'claim' && a.output !== b.output);
  });
});

describe('staleness', () => {
  it('is what every write that is certainly newer says', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = seededRandom(seed);
      const writes = Array.from({ length: 4 }, (_, i) => ({
        ...timed(random, i),
        op: 'write' as const,
        key: 'x',
        value: i,
      }));
      const [shown] = writes.filter(({ status }) => status === 'ok');
      if (shown?.complete === undefined || shown.complete === null) continue;
      const [written, invoke] = [shown.complete, 30 + random.int(30)];
      const read = { ...shown, op: 'read' as const, output: shown.value, invoke, complete: 99 };
      const newer = writes.filter((write) => write.invoke > written && endsBefore(write, read));
      const since = Math.min(...newer.map(({ complete }) => complete ?? 0));
      const [report] = reportStaleness([...writes, read]);
      expect(report?.maxVersions).toBe(newer.length);
      expect(report?.maxMs).toBeCloseTo(newer.length === 0 ? 0 : (invoke - since) / 1e6, 9);
    }
  });
});
