/**
 * Finds a smaller set of faults with which a run still fails in the same way. What is taken away changes everything that
 * follows, so a smaller set is found by trying, not by reasoning.
 *
 * Source: A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), ddmin.
 */
import { type RunResult, runScenario } from './run.js';
import type { Scenario } from './scenario.js';

export interface ShrinkOptions {
  /** Runs to spend at most. */
  readonly maxRuns: number;
  readonly run?: (scenario: Scenario) => Promise<RunResult>;
}

/** The failed run with the fewest faults that was found; the given one if none fails with fewer. */
export async function shrink(failed: RunResult, { maxRuns, run = runScenario }: ShrinkOptions): Promise<RunResult> {
  let best = failed;
  let runs = 0;
  let parts = 2;
  while (best.scenario.faults.length > 0 && runs < maxRuns) {
    const smaller = await firstFailing(candidates(best.scenario, parts).slice(0, maxRuns - runs), failed, run);
    runs += smaller.runs;
    if (smaller.result !== undefined) {
      best = smaller.result;
      parts = Math.max(2, parts - 1);
    } else if (parts >= best.scenario.faults.length) break;
    else parts = Math.min(best.scenario.faults.length, 2 * parts);
  }
  return best;
}

/** The scenario without faults at first, then with one of `parts` left out, then the next. */
function candidates(scenario: Scenario, parts: number): Scenario[] {
  const { faults } = scenario;
  const size = Math.ceil(faults.length / parts);
  const rest = Array.from({ length: Math.ceil(faults.length / size) }, (_, i) => [
    ...faults.slice(0, i * size),
    ...faults.slice((i + 1) * size),
  ]);
  const sets = parts === 2 ? [[], ...rest] : rest;
  return sets.map((left) => ({ ...scenario, faults: left }));
}

async function firstFailing(
  scenarios: readonly Scenario[],
  failed: RunResult,
  run: (scenario: Scenario) => Promise<RunResult>,
) {
  let runs = 0;
  for (const scenario of scenarios) {
    runs += 1;
    const result = await run(scenario);
    if (result.verdict === failed.verdict && ruleOf(result) === ruleOf(failed)) return { runs, result };
  }
  return { runs, result: undefined };
}

function ruleOf({ findings }: RunResult): string | undefined {
  return findings[0]?.rule;
}
