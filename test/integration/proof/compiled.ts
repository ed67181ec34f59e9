/** The compiled proofs, since what they fork is compiled, and what a test expects of a run. */
import { expect } from 'vitest';
import { judged, type Run } from '../../../src/lab/proof/outcome.js';

export const PROOF_SEED = Number(process.env['PROOF_SEED'] ?? Math.floor(Math.random() * 1e6));

export async function proofs() {
  const registers: typeof import('../../../src/lab/proof/registers.js') = await import(
    '../../../dist/lab/proof/registers.js' as string
  );
  const claims: typeof import('../../../src/lab/proof/claims.js') = await import(
    '../../../dist/lab/proof/claims.js' as string
  );
  const members: typeof import('../../../src/lab/proof/members.js') = await import(
    '../../../dist/lab/proof/members.js' as string
  );
  const soak: typeof import('../../../src/lab/proof/soak.js') = await import(
    '../../../dist/lab/proof/soak.js' as string
  );
  const render: typeof import('../../../src/lab/proof/render.js') = await import(
    '../../../dist/lab/proof/render.js' as string
  );
  return { ...registers, ...claims, ...members, ...soak, ...render };
}

/** `ended`: what the lab reported without having been asked. */
export async function expectSound(name: string, run: Run, ended: readonly string[]): Promise<void> {
  const { renderOutcome } = await proofs();
  const outcome = judged(run);
  const shown = `PROOF_SEED=${PROOF_SEED}\n${renderOutcome(name, outcome)}`;
  expect(outcome.troubles, shown).toEqual([]);
  for (const { model, verdict } of outcome.judgements) expect(verdict.kind, `${model}\n${shown}`).toBe('ok');
  expect(ended, shown).toEqual([]);
}
