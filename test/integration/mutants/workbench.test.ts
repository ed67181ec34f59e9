/** What `npm run mutants` says of a mutant, for one of each kind. */
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
const stumbling = { ...caught, name: 'stumbling', replace: 'return ([] as number[])[index].valueOf();' };
const garbled = { ...caught, name: 'garbled', replace: 'return (;' };
const endless = { ...caught, name: 'endless', replace: 'for (;;);' };
const untested = { ...caught, name: 'untested', test: { ...caught.test, name: 'nobody tests this' } };
const elsewhere = { ...mutantNamed('lease-by-wall-clock'), test: caught.test };

describe('a mutant', () => {
  let bench: Workbench;
  beforeAll(() => {
    bench = new Workbench();
  });
  afterAll(() => bench.close());

  it('is caught where its test fails, which is named', async () => {
    const verdict = await bench.try(caught);
    expect(verdict).toMatchObject({ kind: 'caught', by: [{ file: caught.test.file, status: 'failed' }] });
    expect(verdict.kind === 'caught' && verdict.by[0]?.name).toContain(caught.test.name);
  });

  it('that does no harm survives, even after one that did', async () => {
    expect(await bench.try(harmless)).toEqual({ kind: 'survived' });
  });

  it.each([
    ['names what is not there', slipped, 'nowhere'],
    ['stumbles before anything is asserted', stumbling, 'TypeError'],
    ['is no code', garbled, 'Unexpected token'],
    ['is in a file that the test does not load', elsewhere, 'does not load src/replica/order/lease-keeper.ts'],
  ])('that %s proves nothing', async (_, mutant, words) => {
    expect(await bench.try(mutant)).toMatchObject({ kind: 'broken', output: expect.stringContaining(words) });
  });

  it('that does not end is ended, and the next one is tried', async () => {
    expect(await bench.try(endless, 2_000)).toEqual({ kind: 'broken', output: 'it did not end within 2 s' });
    expect(await bench.try(caught)).toMatchObject({ kind: 'caught' });
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
