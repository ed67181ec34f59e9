/** The proofs of docs/TESTING.md at a size for every day: real replicas, real faults, every promise judged. */
import { afterEach, expect, test } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import { openLab } from '../cluster/real-lab.js';
import { expectSound, PROOF_SEED, proofs } from './compiled.js';

const TIMEOUT_MS = 180_000;
const SIZES = { seed: PROOF_SEED, clients: 20, keys: 10, timeoutMs: 1_500 };

let lab: Lab | undefined;
const ended: string[] = [];

afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

async function open(): Promise<Lab> {
  lab = await openLab({ basePort: 17_601, report: (line) => ended.push(line) });
  return lab;
}

test(
  'registers and objects keep their promises while leaders are cut off, killed and replaced',
  async () => {
    const { proveRegisters } = await proofs();
    const faults = ['cut the leader off', 'kill the leader', 'hand leadership over'] as const;
    const outcome = await proveRegisters({
      ...SIZES,
      lab: await open(),
      operations: 1_500,
      objectClients: 4,
      giveUpMs: TIMEOUT_MS / 2,
      nemesis: { faults, lastsMs: 900, restMs: 600 },
    });
    await expectSound('registers', outcome, ended);
  },
  TIMEOUT_MS,
);

test(
  'every race for a claim has one winner, of which all replicas know',
  async () => {
    const { proveClaims } = await proofs();
    const outcome = await proveClaims({
      ...SIZES,
      lab: await open(),
      races: 100,
      racers: 5,
      lanes: 2,
      attempts: 1_000,
      nemesis: { faults: ['kill the leader', 'cut the leader off'], lastsMs: 900, restMs: 600 },
    });
    await expectSound('claims', outcome, ended);
    expect(outcome.tally['linearizable claim']?.ok).toBe(500);
  },
  TIMEOUT_MS,
);

test(
  'three voters become five and three others under load',
  async () => {
    const { proveMembers } = await proofs();
    const outcome = await proveMembers({ ...SIZES, lab: await open(), operationsEach: 100 });
    await expectSound('members', outcome, ended);
    expect(outcome.facts['members at the end']).toMatch(/^r\d r4 r5$/);
  },
  TIMEOUT_MS,
);
