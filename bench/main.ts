/**
 * `npm run bench -- [--quick] [suite...]`: times the named suites, or all, one case after the other in this process, and
 * writes what it saw to `bench-results/` together with the machine it was seen on. Numbers of different machines or
 * of a busy one are not to be compared.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { add, configure, cycle, suite as runBenny } from 'benny';
import { machineFacts } from './machine.js';
import type { BenchCase, BenchSuite } from './suite.js';
import { SUITES } from './suites.js';

const RESULTS_DIR = 'bench-results';
const MAX_SECONDS_PER_CASE = { quick: 0.3, full: 3 } as const;

interface CaseResult {
  readonly name: string;
  readonly opsPerSecond: number;
  readonly nsPerOp: number;
  readonly marginPercent: number;
  readonly samples: number;
}

interface SuiteResult {
  readonly suite: string;
  readonly results: readonly CaseResult[];
}

/** Cases of which an operation failed: how often, and why the last time. Their times say nothing. */
const failures = new Map<string, { readonly count: number; readonly reason: string }>();

/** Where operations leave their result, so that the optimizer cannot find them useless. */
let sink: unknown;

/** A set-up runs once, not once for each of benny's probes of the case. */
async function prepare(benchCase: BenchCase): Promise<ReturnType<typeof add>> {
  const operation = await benchCase.setUp();
  const first = operation();
  if (!(first instanceof Promise)) return add(benchCase.name, () => sunk(operation));
  const attempt = async (run: unknown): Promise<void> => {
    try {
      await run;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.set(benchCase.name, { count: (failures.get(benchCase.name)?.count ?? 0) + 1, reason });
    }
  };
  await attempt(first);
  const timed = afterFirst(() => attempt(operation()));
  return add(benchCase.name, () => timed);
}

function sunk(operation: () => unknown): () => unknown {
  return () => {
    sink = operation();
    return sink;
  };
}

/**
 * Before it times the first case, benny tries all of them at once, to see which of them are asynchronous. Those are
 * answered here without running: they ran once already, and the first case would be timed while the others still run.
 */
function afterFirst(operation: () => Promise<void>): () => Promise<void> {
  let tried = false;
  return () => {
    if (tried) return operation();
    tried = true;
    return Promise.resolve();
  };
}

async function runSuite(suite: BenchSuite, maxSeconds: number): Promise<SuiteResult> {
  console.log(`\n${suite.name}`);
  const prepared: BenchCase[] = [];
  try {
    const cases = [];
    for (const benchCase of suite.cases) {
      cases.push(await prepare(benchCase));
      prepared.push(benchCase);
    }
    const limits = configure({ cases: { maxTime: maxSeconds, minTime: maxSeconds / 20, minSamples: 5 } });
    const report = cycle(({ name, details, margin }) => printCase(name, details.mean, margin));
    const summary = await runBenny(suite.name, ...cases, limits, report);
    const results = summary.results.map(({ name, details, margin, samples }) => ({
      name,
      opsPerSecond: Math.round(1 / details.mean),
      nsPerOp: Number((details.mean * 1e9).toFixed(1)),
      marginPercent: margin,
      samples,
    }));
    return { suite: suite.name, results };
  } finally {
    for (const benchCase of prepared) await benchCase.tearDown?.();
  }
}

function printCase(name: string, meanSeconds: number, marginPercent: number): void {
  const ops = Math.round(1 / meanSeconds).toLocaleString('en');
  const microseconds = (meanSeconds * 1e6).toFixed(3);
  console.log(`  ${name.padEnd(44)} ${ops.padStart(13)} ops/s ${microseconds.padStart(12)} us  ±${marginPercent}%`);
}

function chosenSuites(names: readonly string[]): readonly BenchSuite[] {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}; there are: ${SUITES.map(({ name }) => name).join(', ')}.`);
    process.exit(2);
  }
  return names.length === 0 ? SUITES : SUITES.filter(({ name }) => names.includes(name));
}

async function main(args: readonly string[]): Promise<void> {
  const quick = args.includes('--quick');
  const suites = chosenSuites(args.filter((arg) => arg !== '--quick'));
  const machine = machineFacts();
  console.log(machine);
  const results: SuiteResult[] = [];
  for (const suite of suites) results.push(await runSuite(suite, MAX_SECONDS_PER_CASE[quick ? 'quick' : 'full']));
  mkdirSync(RESULTS_DIR, { recursive: true });
  const file = join(RESULTS_DIR, `${machine.date.replaceAll(':', '-')}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ machine, quick, results, failures: Object.fromEntries(failures) }, null, 2)}\n`,
  );
  console.log(`\nWritten to ${file}`);
  for (const [name, { count, reason }] of failures) console.error(`FAILED ${count} times: ${name}: ${reason}`);
  if (failures.size > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
