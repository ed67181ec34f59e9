import { expect, it } from 'vitest';
import { neverSeen } from '../../src/sim/campaign.js';
import { freshSeeds } from '../support/fresh-seeds.js';

it('50 fresh seeds keep every promise in long trouble', async () => {
  const result = await freshSeeds(50, 350);
  expect(neverSeen(result)).toEqual([]);
}, 900_000);
