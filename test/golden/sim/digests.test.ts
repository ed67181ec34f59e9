/**
 * What a few seeds did is on record, so that it shows whether another machine, or another version of what is below us, does
 * the same. A change of the program changes it too: `UPDATE_GOLDEN=1 npx vitest run test/golden/sim` records it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runScenario } from '../../../src/sim/run.js';
import { drawScenario } from '../../../src/sim/scenario.js';

const RECORD = new URL('./digests.txt', import.meta.url);
const TICKS = 100;
/** One replica, two, three and five; links that are fine, and such as lose, double and delay; kills, cuts and wrong clocks. */
const SEEDS = [2, 8, 10, 13, 24];

it('seeds do what is on record, event by event', async () => {
  const lines: string[] = [];
  for (const seed of SEEDS) {
    const { digest, events, scenario } = await runScenario(drawScenario(seed, TICKS));
    lines.push(`seed ${seed} ticks ${TICKS} replicas ${scenario.replicas} events ${events} digest ${digest}\n`);
  }
  const told = lines.join('');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(RECORD, told);
  expect(told).toBe(readFileSync(RECORD, 'utf8'));
}, 120_000);
