/** Every deliberate bug there is. What they have to look like is in `catalog.d.mts`. */
import { CAUSAL_MUTANTS } from './causal.mjs';
import { ELECTION_MUTANTS } from './elections.mjs';
import { LINEARIZABLE_MUTANTS } from './linearizable.mjs';
import { LOG_MUTANTS } from './log.mjs';
import { MEMBERSHIP_MUTANTS } from './membership.mjs';
import { OBJECT_MUTANTS } from './objects.mjs';

export const MUTANTS = [
  ...ELECTION_MUTANTS,
  ...LOG_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...LINEARIZABLE_MUTANTS,
  ...CAUSAL_MUTANTS,
  ...OBJECT_MUTANTS,
];
