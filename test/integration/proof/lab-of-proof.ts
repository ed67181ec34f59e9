/** What the proofs of docs/TESTING.md have in common where they run at a size for every day. */
import { afterEach } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import { openLab } from '../cluster/real-lab.js';
import { PROOF_SEED } from './compiled.js';

/** Half of it for the load: with a fault every second or so, a machine that is busy with other things takes minutes. */
export const PROOF_TIMEOUT_MS = 600_000;
export const PROOF_SIZES = { seed: PROOF_SEED, clients: 20, keys: 10, timeoutMs: 1_500 };

export interface LabOfProof {
  open(): Promise<Lab>;
  /** What the lab reported without having been asked. */
  readonly ended: readonly string[];
}

/** A lab that ends with its test. */
export function labOfProof(basePort: number): LabOfProof {
  let lab: Lab | undefined;
  const ended: string[] = [];
  afterEach(async () => {
    await lab?.stop();
    lab = undefined;
  });
  return {
    ended,
    open: async () => {
      lab = await openLab({ basePort, report: (line) => ended.push(line) });
      return lab;
    },
  };
}
