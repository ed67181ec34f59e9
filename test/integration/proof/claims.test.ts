/** Races for claims under faults, at a size for every day: real replicas, every promise judged. */
import { expect, test } from 'vitest';
import { expectSound, proofs } from './compiled.js';
import { labOfProof, PROOF_SIZES, PROOF_TIMEOUT_MS } from './lab-of-proof.js';

const lab = labOfProof(17_631);

test(
  'every race for a claim has one winner, of which all replicas know',
  async () => {
    const { proveClaims } = await proofs();
    const outcome = await proveClaims({
      ...PROOF_SIZES,
      lab: await lab.open(),
      races: 100,
      racers: 5,
      lanes: 2,
      attempts: 1_000,
      nemesis: { faults: ['kill the leader', 'cut the leader off'], lastsMs: 900, restMs: 600 },
    });
    await expectSound('claims', outcome, lab.ended);
    expect(outcome.tally['linearizable claim']?.ok).toBe(500);
  },
  PROOF_TIMEOUT_MS,
);
