import { expect, it } from 'vitest';
import { neverSeen } from '../../src/sim/campaign.js';
import { freshSeeds } from '../support/fresh-seeds.js';

it('40 fresh seeds keep every promise in long trouble', async () => {
  const result = await freshSeeds(40, 400);
  expect(neverSeen(result)).toEqual([]);
}, 300_000);
