/** The proofs of docs/TESTING.md at a size for every day: real replicas, real faults, every promise judged. */
import { afterEach, expect, test } from 'vitest';
import type { Lab } from '../../../src/lab/cluster.js';
import { judged, type Run } from '../../../src/lab/proof/outcome.js';
import { openLab } from '../cluster/real-lab.js';

const SEED = Number(process.env['PROOF_SEED'] ?? Math.floor(Math.random() * 1e6));
const TIMEOUT_MS = 180_000;
const SIZES = { seed: SEED, clients: 20, keys: 10, timeoutMs: 1_500 };

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

/** The compiled proofs, since what they fork is compiled. */
async function proofs() {
  const registers: typeof import('../../../src/lab/proof/registers.js') = await import(
    '../../../dist/lab/proof/registers.js' as string
  );
  const claims: typeof import('../../../src/lab/proof/claims.js') = await import(
    '../../../dist/lab/proof/claims.js' as string
  );
  const members: typeof import('../../../src/lab/proof/members.js') = await import(
    '../../../dist/lab/proof/members.js' as string
  );
  const render: typeof import('../../../src/lab/proof/render.js') = await import(
    '../../../dist/lab/proof/render.js' as string
  );
  return { ...registers, ...claims, ...members, ...render };
}

async function expectSound(name: string, run: Run): Promise<void> {
  const { renderOutcome } = await proofs();
  const outcome = judged(run);
  const shown = `PROOF_SEED=${SEED}\n${renderOutcome(name, outcome)}`;
  expect(outcome.troubles, shown).toEqual([]);
  for (const { model, verdict } of outcome.judgements) expect(verdict.kind, `${model}\n${shown}`).toBe('ok');
  expect(ended, shown).toEqual([]);
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
    await expectSound('registers', outcome);
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
    await expectSound('claims', outcome);
    expect(outcome.tally['linearizable claim']?.ok).toBe(500);
  },
  TIMEOUT_MS,
);

test(
  'three voters become five and three others under load',
  async () => {
    const { proveMembers } = await proofs();
    const outcome = await proveMembers({ ...SIZES, lab: await open(), operationsEach: 100 });
    await expectSound('members', outcome);
    expect(outcome.facts['members at the end']).toMatch(/^r\d r4 r5$/);
  },
  TIMEOUT_MS,
);
