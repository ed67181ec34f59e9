import { describe, expect, it } from 'vitest';
import { runScenario } from '../../src/sim/run.js';
import { drawScenario } from '../../src/sim/scenario.js';

const TICKS = 120;

describe('one seed', () => {
  it('is the whole run: the same transcript twice, byte for byte', async () => {
    const runs = [];
    for (let i = 0; i < 2; i += 1) {
      // What runs in between leaves no trace in it.
      await runScenario(drawScenario(100 + i, 20));
      runs.push(await runScenario(drawScenario(11, TICKS), { keepsText: true }));
    }
    const [first, second] = runs;
    expect(first?.text.length).toBeGreaterThan(10_000);
    expect(first?.text === second?.text).toBe(true);
    expect(first?.digest).toBe(second?.digest);
  });

  it('does the same whether it is written down or not', async () => {
    const [silent, written] = [
      await runScenario(drawScenario(12, TICKS)),
      await runScenario(drawScenario(12, TICKS), { keepsText: true }),
    ];
    expect(silent.text).toBe('');
    expect(silent.digest).toBe(written.digest);
  });

  it('differs from another', async () => {
    const digests = [];
    for (const seed of [1, 2, 3]) digests.push((await runScenario(drawScenario(seed, 40))).digest);
    expect(new Set(digests).size).toBe(3);
  });

  it('draws the same options and faults always, and can leave faults out', () => {
    const all = drawScenario(7, 1_000);
    expect(drawScenario(7, 1_000)).toEqual(all);
    expect(all.faults.length).toBeGreaterThan(3);
    const some = drawScenario(7, 1_000, [1, 3]);
    expect(some.faults).toEqual(all.faults.filter(({ number }) => number === 1 || number === 3));
    expect({ ...some, faults: all.faults }).toEqual(all);
  });
});
