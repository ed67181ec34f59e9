import { describe, expect, it } from 'vitest';
import { noCounts } from '../../src/sim/counts.js';
import type { RunResult } from '../../src/sim/run.js';
import { drawScenario, type Scenario } from '../../src/sim/scenario.js';
import { shrink } from '../../src/sim/shrink.js';

/** A run that fails if and only if all the faults of these numbers are in it. */
function runThatNeeds(numbers: readonly number[], tried: Scenario[]) {
  return async (scenario: Scenario): Promise<RunResult> => {
    tried.push(scenario);
    const isBroken = numbers.every((number) => scenario.faults.some((fault) => fault.number === number));
    const finding = { rule: 'logs-match', sentence: '', atMs: 0 };
    const common = { scenario, digest: '', text: '', simulatedMs: 0, events: 0, counts: noCounts() };
    return isBroken
      ? { ...common, verdict: 'broken', findings: [finding] }
      : { ...common, verdict: 'held', findings: [] };
  };
}

const MORE_THAN_NEEDED = 11;

/** The first scenario with so many faults, whatever is drawn before them. */
function muchTrouble(): Scenario {
  for (let seed = 1; ; seed += 1) {
    const scenario = drawScenario(seed, 2_000);
    if (scenario.faults.length > MORE_THAN_NEEDED) return scenario;
  }
}

const whole = muchTrouble();

describe('shrinking a failed run', () => {
  it.each([[[]], [[1]], [[2, 7]], [[1, 2, 3]], [[3, 5, 11]]])('leaves the faults it needs: %j', async (needed) => {
    const tried: Scenario[] = [];
    const run = runThatNeeds(needed, tried);
    const smallest = await shrink(await run(whole), { maxRuns: 200, run });
    expect(smallest.scenario.faults.map(({ number }) => number)).toEqual(needed);
    expect(smallest.verdict).toBe('broken');
    expect(tried.length).toBeLessThan(150);
  });

  it('spends no more runs than it may', async () => {
    const tried: Scenario[] = [];
    const run = runThatNeeds([3, 5, 11], tried);
    await shrink(await run(whole), { maxRuns: 5, run });
    expect(tried.length).toBe(6);
  });

  it('does not take another failure for this one', async () => {
    const tried: Scenario[] = [];
    const broken = runThatNeeds([2], tried);
    const run = async (scenario: Scenario): Promise<RunResult> => {
      const result = await broken(scenario);
      if (scenario.faults.length > 4) return result;
      return { ...result, verdict: 'broken', findings: [{ rule: 'replicas-converge', sentence: '', atMs: 0 }] };
    };
    const smallest = await shrink(await broken(whole), { maxRuns: 200, run });
    expect(smallest.scenario.faults.length).toBeGreaterThan(4);
  });
});
