/** Registers and objects under faults, at a size for every day: real replicas, every promise judged. */
import { test } from 'vitest';
import { expectSound, proofs } from './compiled.js';
import { labOfProof, PROOF_SIZES, PROOF_TIMEOUT_MS } from './lab-of-proof.js';

const lab = labOfProof(17_601);

test(
  'registers and objects keep their promises while leaders are cut off, killed and replaced',
  async () => {
    const { proveRegisters } = await proofs();
    const faults = ['cut the leader off', 'kill the leader', 'hand leadership over'] as const;
    const outcome = await proveRegisters({
      ...PROOF_SIZES,
      lab: await lab.open(),
      operations: 1_500,
      objectClients: 4,
      giveUpMs: PROOF_TIMEOUT_MS / 2,
      nemesis: { faults, lastsMs: 900, restMs: 600 },
    });
    await expectSound('registers', outcome, lab.ended);
  },
  PROOF_TIMEOUT_MS,
);
