/** A campaign that met too little has proved nothing about what it did not meet. */
import { expect, test } from 'vitest';
import { neverSeen } from '../../src/sim/campaign.js';
import { COUNTS, type CountName, type Counts } from '../../src/sim/counts.js';

function campaign(runs: number, ...missed: readonly CountName[]) {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, missed.includes(name) ? 0 : 1])) as Counts;
  return { runs, simulatedMs: 0, events: 0, verdicts: { held: runs, broken: 0, stuck: 0, unknown: 0 }, counts };
}

test('of many runs some must have met each thing that is not rare', () => {
  expect(neverSeen(campaign(100, 'snapshots', 'logCopies'))).toEqual(['snapshots', 'logCopies']);
  expect(neverSeen(campaign(100, 'replays', 'uniqueViolations', 'oldCopies'))).toEqual([]);
});

test('a few runs must have come to work at all', () => {
  expect(neverSeen(campaign(99, 'snapshots', 'fenced'))).toEqual([]);
  expect(neverSeen(campaign(1, 'acknowledged', 'elections', 'snapshots'))).toEqual(['acknowledged', 'elections']);
});
