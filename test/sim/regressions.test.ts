/** Seeds that found a bug once, each with a sentence that says which. */
import { describe, expect, it } from 'vitest';
import { replayCommand } from '../../src/sim/report.js';
import { runScenario } from '../../src/sim/run.js';
import { drawScenario } from '../../src/sim/scenario.js';

interface Regression {
  readonly seed: number;
  readonly ticks: number;
  /** Faults to keep, where few were enough. */
  readonly only?: readonly number[];
  readonly sentence: string;
}

const REGRESSIONS: readonly Regression[] = [
  {
    seed: 1,
    ticks: 500,
    sentence:
      'a linearizable read of two keys showed the second write of a session and not the first, of the other key',
  },
];

describe('a seed that found a bug does not find it any more', () => {
  it.each(REGRESSIONS)('$seed: $sentence', async ({ seed, ticks, only }) => {
    const { verdict, findings, scenario } = await runScenario(drawScenario(seed, ticks, only));
    expect({ verdict, findings }, replayCommand(scenario)).toEqual({ verdict: 'held', findings: [] });
  });
});
