/** The soak at a size for every day, on one kind of network. */
import { expect } from 'vitest';
import type { LabOptions } from '../../../src/lab/cluster.js';
import type { FaultName } from '../../../src/lab/workload/faults.js';
import { openLab } from '../cluster/real-lab.js';
import { expectSound, PROOF_SEED, proofs } from './compiled.js';

/** Each fault strikes once in a round. */
const FAULT_EVERY_SECONDS = 1.5;

export const SOAK_TIMEOUT_MS = 600_000;

export async function soakShortly(
  network: NonNullable<LabOptions['network']>,
  faults: readonly [FaultName, ...FaultName[]],
): Promise<void> {
  const { proveSoak } = await proofs();
  const ended: string[] = [];
  const lab = await openLab({ basePort: 17_701, network, report: (line) => ended.push(line) });
  try {
    const run = await proveSoak({
      lab,
      faults,
      seed: PROOF_SEED,
      seconds: faults.length * FAULT_EVERY_SECONDS,
      clients: 12,
      keys: 6,
      rate: 300,
      timeoutMs: 1_500,
      faultEverySeconds: FAULT_EVERY_SECONDS,
      faultsPerRound: faults.length,
    });
    await expectSound(`soak, ${network}`, run, ended);
    for (const fault of faults) expect(run.facts[`  ${fault}`], fault).toBeGreaterThanOrEqual(1);
  } finally {
    await lab.stop();
  }
}
