/** `causeway sim`: what it prints and the code it ends with. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { recordingTerminal } from '../unit/cli/recording-terminal.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-sim.'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sim(...args: readonly string[]) {
  const terminal = recordingTerminal();
  const exit = await runCli(['sim', ...args], terminal);
  return { exit, out: terminal.output(), err: terminal.errors() };
}

describe('causeway sim', () => {
  it('says first what determines the run and how to repeat it, and the same when repeated', async () => {
    const [first, again] = [await sim('--seed', '21', '--ticks', '60'), await sim('--seed', '21', '--ticks', '60')];
    expect(first.err).toMatch(/^seed 21: ticks 60, replicas \d.*\nagain: causeway sim --seed 21 --ticks 60\n/);
    expect(first.err).toMatch(/seed 21 held \(\d+\.\d simulated seconds, \d+ events, digest [0-9a-f]{16}\)/);
    expect(first.out).toMatch(/all promises held in 1 of 1 runs\n$/);
    expect([first.exit, again.exit]).toEqual([0, 0]);
    expect(again.out).toBe(first.out);
    expect(digestIn(again.err)).toBe(digestIn(first.err));
  });

  it('runs seeds one after the other and sums up as JSON', async () => {
    const { exit, out, err } = await sim('--seed', '30', '--seeds', '3', '--ticks', '60', '-o', 'json');
    const summary = JSON.parse(out);
    expect([exit, summary.firstSeed, summary.runs, summary.failures]).toEqual([0, 30, 3, []]);
    expect(summary.verdicts).toEqual({ held: 3, broken: 0, stuck: 0, unknown: 0 });
    expect(summary.counts.acknowledged).toBeGreaterThan(0);
    expect(err).toContain('3 of 3 seeds');
  });

  it('ends with 4 if the runs met nothing that could have broken a promise', async () => {
    // In one tick few clients get an answer: some of these seeds have none.
    const runs = [];
    for (let seed = 30; seed < 40; seed += 1) runs.push(await sim('--seed', String(seed), '--ticks', '1'));
    const empty = runs.filter(({ out }) => out.includes('nothing seen of acknowledged'));
    expect(empty).not.toEqual([]);
    for (const { exit } of empty) expect(exit).toBe(4);
  });

  it('leaves faults out, and writes the run down', async () => {
    const trace = join(folder, 'trace.txt');
    const { err } = await sim('--seed', '21', '--ticks', '60', '--only-faults', 'none', '--trace', trace);
    expect(err).toContain('again: causeway sim --seed 21 --ticks 60 --only-faults none');
    expect(readFileSync(trace, 'utf8')).toMatch(/^\d+\.\d{3} /);
  });

  it.each([
    [['--seed', 'x']],
    [['--seeds', '0']],
    [['--ticks', '0']],
    [['--only-faults', '1,']],
    [['--seeds', '2', '--only-faults', '1']],
    [['--seeds', '2', '--trace', 'x']],
  ])('refuses %j', async (args) => {
    expect((await sim(...args)).exit).toBe(2);
  });
});

function digestIn(text: string): string | undefined {
  return /digest ([0-9a-f]{16})/.exec(text)?.[1];
}
