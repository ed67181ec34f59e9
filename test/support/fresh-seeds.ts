/** Runs seeds of the simulator that nobody has run before, unless `SEED` names the first. */
import { expect } from 'vitest';
import { type CampaignResult, runCampaign } from '../../src/sim/campaign.js';
import { announceRun, describeRun } from '../../src/sim/report.js';
import { runSeed } from './seeded-random.js';

export async function freshSeeds(seeds: number, ticks: number): Promise<CampaignResult> {
  const failures: string[] = [];
  const result = await runCampaign({
    firstSeed: runSeed(),
    seeds,
    ticks,
    onRun: (run) => {
      if (run.verdict !== 'held') failures.push(`${announceRun(run.scenario)}\n${describeRun(run)}`);
      return failures.length === 0;
    },
  });
  expect(failures.join('\n')).toBe('');
  return result;
}
