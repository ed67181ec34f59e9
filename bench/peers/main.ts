/**
 * `npm run bench:peers`: Causeway beside etcd, ZooKeeper, Redis and JetStream in one run on one machine. Rounds are interleaved and
 * begin with another system each time; every round starts three fresh servers of one system while none of another runs.
 * Everything that was measured is written down; what `docs/PERFORMANCE.md` says of the method is what happens here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskFacts, machineFacts } from '../machine.js';
import { ROOT } from '../root.js';
import { casesFor } from './cases.js';
import { type Failure, type Measurement, measureRound, type RoundResult } from './measure.js';
import { type PeerOptions, parsePeerOptions, USAGE } from './options.js';
import { type PeerResults, renderReport, replaceBetween } from './report.js';
import type { MeasuredSystem } from './system.js';
import { findSystems, inTurn, SYSTEMS } from './systems.js';
import { judgeTargets } from './targets.js';

const PAGE = join(ROOT, 'docs', 'PERFORMANCE.md');
const PAGE_BEGIN = '<!-- results of bench:peers -->';
const PAGE_END = '<!-- end of the results of bench:peers -->';

async function measureAll(systems: readonly MeasuredSystem[], options: PeerOptions): Promise<RoundResult> {
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const cases = casesFor(options.clientCounts);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const system of inTurn(systems, round)) {
      const startedMs = performance.now();
      const result = await measureRound(system, round, cases, options);
      measurements.push(...result.measurements);
      failures.push(...result.failures);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
      const failed = result.failures.map(({ reason }) => `; FAILED: ${reason}`).join('');
      console.log(
        `round ${round} of ${options.rounds}: ${system.name}, ${result.measurements.length} cases in ${seconds} s${failed}`,
      );
    }
  }
  return { measurements, failures };
}

/** Puts the report where `docs/PERFORMANCE.md` shows the newest one. */
function document(report: string): void {
  writeFileSync(PAGE, replaceBetween(readFileSync(PAGE, 'utf8'), PAGE_BEGIN, PAGE_END, report));
  console.log(`Shown in ${PAGE}`);
}

function writeResults(results: PeerResults, report: string): string {
  mkdirSync(results.options.results, { recursive: true });
  const name = join(results.options.results, `peers-${results.machine.date.replaceAll(':', '-')}`);
  writeFileSync(`${name}.json`, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${name}.md`, report);
  return name;
}

async function main(options: PeerOptions): Promise<void> {
  const machine = machineFacts();
  mkdirSync(options.folder, { recursive: true });
  const disk = diskFacts(options.folder);
  if (disk.fileSystem === 'tmpfs') console.log(`${options.folder} is in memory: nothing there is durable (see --dir)`);
  const { systems, versions, skipped } = await findSystems(SYSTEMS, options.only);
  for (const line of skipped) console.log(`skipped ${line}`);
  if (systems.length === 0) throw new Error('there is nothing to measure');
  const { measurements, failures } = await measureAll(systems, options);
  const targets = judgeTargets(measurements);
  const results = { machine, disk, options, systems: versions, skipped, measurements, failures, targets };
  const report = renderReport(results);
  console.log(`\n${report}`);
  console.log(`Written to ${writeResults(results, report)}.json and .md`);
  if (options.document) document(report);
  if (failures.length > 0) process.exitCode = 1;
}

// A signal ends the servers too: what they were given to do at exit does it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  const options = parsePeerOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await main(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 2;
}
