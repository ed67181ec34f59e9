/** The checker against every permutation, on thousands of tiny histories of all kinds of operations. */
import { describe, expect, it } from 'vitest';
import type { Level, RegisterRecord, TxnStep, Value } from '../../../src/check/history/record.js';
import { checkLinearizability } from '../../../src/check/linearizability.js';
import { naivelyLinearizable } from '../../support/naive-linearizability.js';
import { type SeededRandom, seededRandom } from '../../support/seeded-random.js';

interface Shape {
  readonly keys: readonly string[];
  /** Values are drawn from so many; 0 = every write has its own. */
  readonly values: number;
  readonly weak: number;
  readonly info: number;
  readonly txn: number;
  readonly operations: number;
}

describe('the checker and every permutation agree on', () => {
  it.each<[string, Shape, number]>([
    ['unique values', { keys: ['a'], values: 0, weak: 0, info: 0.1, txn: 0, operations: 6 }, 1_500],
    ['few values', { keys: ['a'], values: 2, weak: 0, info: 0.1, txn: 0, operations: 6 }, 1_500],
    ['weaker writes', { keys: ['a'], values: 0, weak: 0.4, info: 0.1, txn: 0, operations: 6 }, 1_500],
    ['weaker writes of few values', { keys: ['a'], values: 2, weak: 0.4, info: 0.2, txn: 0, operations: 6 }, 1_500],
    ['transactions on one key', { keys: ['a'], values: 2, weak: 0.2, info: 0.2, txn: 0.5, operations: 5 }, 1_500],
    ['transactions on two keys', { keys: ['a', 'b'], values: 2, weak: 0.2, info: 0.2, txn: 0.4, operations: 6 }, 2_000],
    [
      'two keys, many weaker writes',
      { keys: ['a', 'b'], values: 0, weak: 0.45, info: 0.1, txn: 0.35, operations: 6 },
      2_000,
    ],
    ['two keys, unique values', { keys: ['a', 'b'], values: 0, weak: 0.2, info: 0.2, txn: 0.4, operations: 6 }, 2_000],
  ])('%s', (_, shape, count) => {
    const verdicts = { true: 0, false: 0 };
    for (let seed = 0; seed < count; seed += 1) {
      const history = tinyHistory(shape, seededRandom(seed));
      const expected = naivelyLinearizable(history);
      const verdict = checkLinearizability(history).kind;
      if ((verdict === 'ok') !== expected)
        expect.fail(`seed ${seed}: ${verdict}\n${history.map((r) => JSON.stringify(r)).join('\n')}`);
      verdicts[`${expected}`] += 1;
    }
    expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(count / 20);
  });
});

/** Outputs are guesses, drawn from what was written: about half of the histories are legal. */
function tinyHistory(shape: Shape, random: SeededRandom): RegisterRecord[] {
  const written: Value[] = [null];
  const value = (): Value => {
    const fresh = shape.values === 0 ? `v${written.length}` : `v${random.int(shape.values)}`;
    if (!written.includes(fresh)) written.push(fresh);
    return fresh;
  };
  const clocks = [0, 0, 0];
  return Array.from({ length: shape.operations }, (): RegisterRecord => {
    const process = random.int(clocks.length);
    const invoke = (clocks[process] as number) + random.int(4);
    const complete = invoke + random.int(5);
    clocks[process] = complete;
    const level: Level = random.chance(shape.weak) ? random.pick(['causal', 'eventual']) : 'linearizable';
    const isInfo = random.chance(shape.info);
    return tinyOperation(shape, random, value, written, {
      process,
      session: `s${process}`,
      level,
      durability: random.pick(['local', 'majority']),
      invoke,
      complete: isInfo ? null : complete,
      status: isInfo ? 'info' : random.chance(0.05) ? 'fail' : 'ok',
    });
  });
}

type CommonFields = Pick<RegisterRecord, 'process' | 'level' | 'invoke' | 'complete' | 'status'> &
  Required<Pick<RegisterRecord, 'session' | 'durability'>>;

function tinyOperation(
  shape: Shape,
  random: SeededRandom,
  value: () => Value,
  written: readonly Value[],
  common: CommonFields,
): RegisterRecord {
  const key = random.pick(shape.keys);
  const seen = (): Value => random.pick([...written, written.at(-1) ?? null]);
  if (random.chance(shape.txn)) {
    const isWeak = common.level !== 'linearizable';
    const steps = (): TxnStep[] =>
      shape.keys
        .filter(() => random.chance(0.6))
        .map((name): TxnStep => {
          const kind = isWeak
            ? random.pick(['put', 'delete'] as const)
            : random.pick(['put', 'put', 'delete', 'get'] as const);
          return kind === 'put' ? { kind, key: name, value: value() } : { kind, key: name };
        });
    const checks = isWeak
      ? []
      : shape.keys.filter(() => random.chance(0.5)).map((name) => ({ key: name, value: seen() }));
    const succeeded = checks.length === 0 || random.chance(0.6);
    const [onSuccess, onFailure] = [steps(), isWeak ? [] : steps()];
    const results = (succeeded ? onSuccess : onFailure).map((step) => (step.kind === 'get' ? seen() : null));
    return { ...common, op: 'txn', checks, onSuccess, onFailure, output: { succeeded, results } };
  }
  if (common.level !== 'linearizable') {
    return random.chance(0.75) ? { ...common, op: 'write', key, value: value() } : { ...common, op: 'delete', key };
  }
  switch (random.pick(['read', 'read', 'read', 'write', 'cas', 'create', 'delete'] as const)) {
    case 'read':
      return { ...common, op: 'read', key, output: seen() };
    case 'write':
      return { ...common, op: 'write', key, value: value() };
    case 'cas':
      return { ...common, op: 'cas', key, expect: seen(), value: random.chance(0.9) ? value() : null };
    case 'create':
      return { ...common, op: 'create', key, value: value() };
    case 'delete':
      return { ...common, op: 'delete', key };
  }
}
