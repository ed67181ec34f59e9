/**
 * `npm run mutants`: puts one deliberate bug after the other into a copy of the source, and runs the test that must
 * notice it. Lists which test caught which; exits with 1 if one survived. `--only NAME` (again for more) picks some,
 * `--list` says what there are and runs nothing.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { byFile } from './mutants/by-file.mjs';
import { MUTANTS } from './mutants/catalog.mjs';
import { Workbench } from './mutants/workbench.mjs';

const WORKBENCHES_MAX = 2;

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
});
const stopped = new AbortController();
process.once('SIGINT', () => stopped.abort()).once('SIGTERM', () => stopped.abort());

try {
  const mutants = chosen(values.only);
  if (values.list === true) for (const { name, says } of mutants) print(`${name}\n  ${says}`);
  else process.exitCode = (await tryAll(mutants)) ? 0 : 1;
} catch (error) {
  if (!stopped.signal.aborted) throw error;
  process.exitCode = 130;
}

function chosen(names) {
  if (names === undefined) return MUTANTS;
  return names.map((name) => {
    const mutant = MUTANTS.find((one) => one.name === name);
    if (mutant === undefined) throw new Error(`no mutant is called ${name}; --list names them`);
    return mutant;
  });
}

/** True if every mutant was caught. */
async function tryAll(mutants) {
  const startedMs = performance.now();
  const count = Math.min(WORKBENCHES_MAX, availableParallelism(), mutants.length);
  const benches = Array.from({ length: count }, () => new Workbench(stopped.signal));
  try {
    const caught = await share(mutants, benches);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    print(`${mutants.length} mutants, ${caught} caught, ${mutants.length - caught} not (${seconds} s)`);
    return caught === mutants.length;
  } finally {
    for (const bench of benches) bench.close();
  }
}

/**
 * Each workbench, when it is free, takes the mutants that are for the tests of one more file, the most first. Returns how
 * many were caught.
 */
async function share(mutants, benches) {
  const queue = [...byFile(mutants, ({ test }) => test.file).values()].sort((a, b) => b.length - a.length);
  const counts = await Promise.all(
    benches.map(async (bench) => {
      let caught = 0;
      for (let group = queue.shift(); group !== undefined; group = queue.shift())
        caught += await tryGroup(group, bench);
      return caught;
    }),
  );
  return counts.reduce((sum, caught) => sum + caught, 0);
}

/** How many of these mutants were caught: none, if their tests are not sound without them. */
async function tryGroup(mutants, bench) {
  const faults = await bench.baseline(mutants);
  for (const fault of faults) print(`BASELINE  ${fault}`);
  if (faults.length > 0) return 0;
  let caught = 0;
  for (const mutant of mutants) {
    const verdict = await bench.try(mutant);
    if (verdict.kind === 'caught') caught += 1;
    tell(mutant, verdict);
  }
  return caught;
}

function tell({ name, says, test }, verdict) {
  if (verdict.kind === 'caught') {
    for (const { file, name: by } of verdict.by) print(`caught    ${name.padEnd(34)} ${file}: ${by}`);
  } else {
    print(`${verdict.kind.toUpperCase().padEnd(9)} ${name.padEnd(34)} ${says}`);
    print(`          ${test.file}: ${test.name}`);
  }
  if (verdict.kind === 'broken') print(verdict.output);
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
