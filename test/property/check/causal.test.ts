/** The causal checker against every order of every past, and against a store that is correct by construction. */
import { describe, expect, it } from 'vitest';
import { analyseCausality, strongerModels } from '../../../src/check/causal/analysis.js';
import { checkCausalConsistency } from '../../../src/check/causal-consistency.js';
import type { HistoryRecord, Level, RegisterRecord } from '../../../src/check/history/record.js';
import { checkSessionGuarantees } from '../../../src/check/session-guarantees.js';
import { causalStoreHistory } from '../../support/causal-store-history.js';
import { naivelyCausal, naivelyConvergent, naiveMemory } from '../../support/naive-causality.js';
import { type SeededRandom, seededRandom } from '../../support/seeded-random.js';

type Step = Extract<RegisterRecord, { readonly op: 'read' | 'write' | 'delete' }>;

const print = (history: readonly HistoryRecord[]): string => history.map((record) => JSON.stringify(record)).join('\n');

describe('the causal checker and every order of every past', () => {
  it.each([
    ['agree on sessions', { eventual: 0, deletes: 0, info: 0, tokens: 0 }],
    ['agree on weaker requests, lost answers and tokens', { eventual: 0.25, deletes: 0, info: 0.15, tokens: 0.3 }],
  ])('%s', (_, shape) => {
    const verdicts = { ok: 0, violated: 0, unknown: 0 };
    for (let seed = 0; seed < 2_000; seed += 1) {
      const history = tinyHistory(shape, seededRandom(seed));
      const { kind } = checkCausalConsistency(history);
      if ((kind === 'ok') !== naivelyCausal(history)) expect.fail(`seed ${seed}: ${kind}\n${print(history)}`);
      verdicts[kind] += 1;
    }
    expect(Math.min(verdicts.ok, verdicts.violated)).toBeGreaterThan(200);
  });

  it('never disagree on a legal history with deletions, which no read can tell apart', () => {
    let refused = 0;
    for (let seed = 0; seed < 2_000; seed += 1) {
      const history = tinyHistory({ eventual: 0.1, deletes: 0.4, info: 0.1, tokens: 0.2 }, seededRandom(seed));
      const { kind } = checkCausalConsistency(history);
      if (kind !== 'ok' && naivelyCausal(history)) expect.fail(`seed ${seed}: ${kind}\n${print(history)}`);
      if (kind === 'violated') refused += 1;
    }
    expect(refused).toBeGreaterThan(200);
  });
});

describe('the stronger models', () => {
  it('are those that some order of all writes, or of what a session knew, explains', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 1_500; seed += 1) {
      const history = tinyHistory({ eventual: 0, deletes: 0, info: 0, tokens: 0 }, seededRandom(seed));
      const found = strongerModels(analyseCausality(history));
      const expected = {
        convergence: naivelyConvergent(history) ? 'holds' : 'broken',
        memory: naiveMemory(history) ? 'holds' : 'broken',
      };
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        expect.fail(`seed ${seed}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}\n${print(history)}`);
      }
      seen.add(`${checkCausalConsistency(history).kind} ${found.convergence} ${found.memory}`);
    }
    expect(seen).toContain('ok holds holds');
    expect(seen).toContain('ok broken holds');
  });
});

describe('a causally consistent store', () => {
  const load = { operations: 400, clients: 5, replicas: 3, keys: 3, deletes: 0.15, eventual: 0.2, lost: 0.05 };

  it('passes, whatever its sessions do', () => {
    for (let seed = 0; seed < 25; seed += 1) {
      const history = causalStoreHistory({ ...load, seed, staleness: 0 });
      for (const verdict of [checkCausalConsistency(history), checkSessionGuarantees(history)]) {
        if (verdict.kind !== 'ok') expect.fail(`seed ${seed}: ${JSON.stringify(verdict, null, 1)}`);
      }
    }
  });

  it('that forgets to look at tokens is refused, with sessions that show it', () => {
    const rules = new Set<string>();
    let refused = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const history = causalStoreHistory({ ...load, keys: 2, deletes: 0, seed, staleness: 1 });
      if (checkCausalConsistency(history).kind === 'violated') refused += 1;
      const verdict = checkSessionGuarantees(history);
      if (verdict.kind === 'violated') for (const { rule } of verdict.violations) rules.add(rule);
    }
    expect(refused).toBeGreaterThan(20);
    expect([...rules].sort()).toEqual([
      'monotonic-reads',
      'monotonic-writes',
      'read-your-writes',
      'writes-follow-reads',
    ]);
  });
});

interface Shape {
  readonly eventual: number;
  readonly deletes: number;
  readonly info: number;
  readonly tokens: number;
}

/** Outputs are guesses. Clients are one after the other, so that the history is small and its orders are few. */
function tinyHistory(shape: Shape, random: SeededRandom): Step[] {
  const keys = ['a', 'b'];
  const written = new Map<string, string[]>(keys.map((key) => [key, []]));
  const tokens: string[] = [];
  return Array.from({ length: 7 }, (_, i): Step => {
    const session = `s${random.int(3)}`;
    const key = random.pick(keys);
    const level: Level = random.chance(shape.eventual) ? 'eventual' : random.pick(['causal', 'linearizable']);
    const isLost = random.chance(shape.info);
    const tokenIn = tokens.length > 0 && random.chance(shape.tokens) ? random.pick(tokens) : undefined;
    const tokenOut = random.chance(shape.tokens) ? `t${i}` : undefined;
    if (tokenOut !== undefined && !isLost) tokens.push(tokenOut);
    const common = {
      process: i,
      session,
      level,
      invoke: i * 10,
      complete: isLost ? null : i * 10 + 5,
      status: isLost ? ('info' as const) : ('ok' as const),
      ...(tokenIn !== undefined && { tokenIn }),
      ...(tokenOut !== undefined && { tokenOut }),
    };
    const values = written.get(key) ?? [];
    if (random.chance(0.5)) return { ...common, op: 'read', key, output: random.pick([null, ...values, ...values]) };
    if (random.chance(shape.deletes)) return { ...common, op: 'delete', key };
    values.push(`${key}${i}`);
    return { ...common, op: 'write', key, value: `${key}${i}` };
  });
}
