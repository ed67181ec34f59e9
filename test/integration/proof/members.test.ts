/** Changes of the members under load, at a size for every day: real replicas, every promise judged. */
import { expect, test } from 'vitest';
import { expectSound, proofs } from './compiled.js';
import { labOfProof, PROOF_SIZES, PROOF_TIMEOUT_MS } from './lab-of-proof.js';

const lab = labOfProof(17_661);

test(
  'three voters become five and three others under load',
  async () => {
    const { proveMembers } = await proofs();
    const outcome = await proveMembers({ ...PROOF_SIZES, lab: await lab.open(), operationsEach: 100 });
    await expectSound('members', outcome, lab.ended);
    expect(outcome.facts['members at the end']).toMatch(/^r\d r4 r5$/);
  },
  PROOF_TIMEOUT_MS,
);
