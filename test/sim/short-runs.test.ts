import { expect, it } from 'vitest';
import { neverSeen } from '../../src/sim/campaign.js';
import { freshSeeds } from '../support/fresh-seeds.js';

it('150 fresh seeds keep every promise in short trouble, and meet all that could break one', async () => {
  const result = await freshSeeds(150, 150);
  expect(neverSeen(result)).toEqual([]);
}, 900_000);
