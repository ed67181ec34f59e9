/** What `npm run mutants` says of a mutant, for one of each kind. The others take minutes and run on their own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from '../../../scripts/mutants/catalog.mjs';
import { Workbench } from '../../../scripts/mutants/workbench.mjs';

function mutantNamed(name: string) {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`no mutant "${name}"`);
  return mutant;
}

const caught = mutantNamed('old-term-committed-by-counting');
const harmless = { ...caught, name: 'harmless', replace: `${caught.search} // As before.` };
const slipped = { ...caught, name: 'slipped', replace: 'return nowhere;' };
const untested = { ...caught, name: 'untested', test: { ...caught.test, name: 'nobody tests this' } };

describe('a mutant', () => {
  let bench: Workbench;
  beforeAll(() => {
    bench = new Workbench();
  });
  afterAll(() => bench.remove());

  it('is caught where its test fails, which is named', async () => {
    const verdict = await bench.try(caught);
    expect(verdict).toMatchObject({ kind: 'caught', by: [{ file: caught.test.file, status: 'failed' }] });
    expect(verdict.kind === 'caught' && verdict.by[0]?.name).toContain(caught.test.name);
  });

  it('that does no harm survives, even after one that did', async () => {
    expect(await bench.try(harmless)).toEqual({ kind: 'survived' });
  });

  it('that names what is not there proves nothing', async () => {
    expect(await bench.try(slipped)).toMatchObject({ kind: 'broken', output: expect.stringContaining('nowhere') });
  });

  it('whose place there is not is a fault of the list', async () => {
    expect(await bench.baseline([{ ...caught, search: 'nowhere' }])).toEqual([
      expect.stringMatching(/^mutant old-term-committed-by-counting: .*0 times/),
    ]);
  });

  it('whose test there is not is a fault of the list', async () => {
    expect(await bench.baseline([caught, untested])).toEqual(['untested: no test is called "nobody tests this"']);
  });
});
