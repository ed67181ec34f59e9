/** `causeway sim`: seeds, one after the other, and what became of them. */
import { writeFileSync } from 'node:fs';
import { createSystemRandom } from '../../adapters/system-random.js';
import { CausewayError } from '../../base/errors.js';
import { type CampaignResult, neverSeen, runCampaign } from '../../sim/campaign.js';
import { announceRun, campaignRows, describeProgress, describeRun, replayCommand } from '../../sim/report.js';
import type { RunResult } from '../../sim/run.js';
import { drawScenario } from '../../sim/scenario.js';
import { shrink } from '../../sim/shrink.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { stopSignal } from '../stop-signal.js';
import { renderFacts } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface SimOptions {
  readonly seed?: number;
  readonly seeds: number;
  readonly ticks: number;
  readonly onlyFaults?: readonly number[];
  readonly trace?: string;
  readonly shrink: boolean;
  readonly failFast?: true;
  readonly output?: 'table' | 'json';
}

/** A run that failed, and the smallest one found that fails in the same way. */
interface Failure {
  readonly result: RunResult;
  smallest: RunResult;
}

const PROGRESS_EVERY_MS = 2_000;
const SHRINK_MAX_RUNS = 60;
/** More failures than this are not looked into. */
const SHRUNK_FAILURES_MAX = 3;
const INTERRUPTED = 130;

export async function sim(terminal: Terminal, options: SimOptions): Promise<number> {
  checkOptions(options);
  const firstSeed = options.seed ?? createSystemRandom().u32();
  const { seeds, ticks, onlyFaults: only, trace } = options;
  const stop = stopSignal();
  const startedMs = performance.now();
  terminal.err(`${opening(firstSeed, options)}\n`);
  const failures: Failure[] = [];
  let saidMs = startedMs;
  const sofar = await runCampaign({
    firstSeed,
    seeds,
    ticks,
    only,
    keepsText: trace !== undefined,
    onRun: (result, progress) => {
      if (trace !== undefined) writeFileSync(trace, result.text);
      if (result.verdict !== 'held') failures.push({ result, smallest: result });
      if (result.verdict !== 'held' || seeds === 1) terminal.err(`${describeRun(result)}\n`);
      const nowMs = performance.now();
      if (nowMs - saidMs >= PROGRESS_EVERY_MS && progress.runs < seeds) {
        saidMs = nowMs;
        terminal.err(`${describeProgress(progress, seeds, nowMs - startedMs)}\n`);
      }
      return !stop.aborted && (options.failFast === undefined || failures.length === 0);
    },
  });
  terminal.err(`${describeProgress(sofar, seeds, performance.now() - startedMs)}\n`);
  if (options.shrink && !stop.aborted) await shrinkAll(terminal, failures);
  const unseen = neverSeen(sofar);
  report(terminal, options, { firstSeed, sofar, failures, unseen });
  return stop.aborted ? INTERRUPTED : exitOf(sofar, unseen);
}

/** @throws CausewayError `invalid-config` */
function checkOptions({ seeds, trace, onlyFaults }: SimOptions): void {
  if (seeds === 1) return;
  if (trace !== undefined) throw new CausewayError('invalid-config', '--trace is about one seed: leave out --seeds');
  if (onlyFaults !== undefined) {
    throw new CausewayError('invalid-config', '--only-faults is about one seed: leave out --seeds');
  }
}

function opening(firstSeed: number, { seeds, ticks, onlyFaults }: SimOptions): string {
  if (seeds === 1) return announceRun(drawScenario(firstSeed, ticks, onlyFaults));
  const again = `causeway sim --seed ${firstSeed} --seeds ${seeds} --ticks ${ticks}`;
  return `seeds ${firstSeed} to ${firstSeed + seeds - 1}, ${ticks} ticks of trouble each\nagain: ${again}`;
}

async function shrinkAll(terminal: Terminal, failures: readonly Failure[]): Promise<void> {
  for (const failure of failures.slice(0, SHRUNK_FAILURES_MAX)) {
    const { result } = failure;
    if (result.scenario.faults.length === 0) continue;
    terminal.err(`looking for fewer faults with which seed ${result.scenario.seed} fails …\n`);
    failure.smallest = await shrink(result, { maxRuns: SHRINK_MAX_RUNS });
    terminal.err(`${announceRun(failure.smallest.scenario)}\n${describeRun(failure.smallest)}\n`);
  }
}

interface Outcome {
  readonly firstSeed: number;
  readonly sofar: CampaignResult;
  readonly failures: readonly Failure[];
  readonly unseen: readonly string[];
}

function report(terminal: Terminal, { output }: SimOptions, { firstSeed, sofar, failures, unseen }: Outcome): void {
  if (output === 'json') {
    const { runs, simulatedMs, events, verdicts, counts } = sofar;
    const failed = failures.map(({ result, smallest }) => ({
      seed: result.scenario.seed,
      verdict: result.verdict,
      findings: result.findings,
      digest: result.digest,
      replay: replayCommand(smallest.scenario),
    }));
    const summary = { firstSeed, runs, simulatedMs, events, verdicts, counts, neverSeen: unseen, failures: failed };
    terminal.out(`${JSON.stringify(summary)}\n`);
    return;
  }
  const { green, red } = terminal.colors;
  terminal.out(renderFacts(campaignRows(sofar)));
  for (const name of unseen) terminal.out(`${red('nothing seen of')} ${name}\n`);
  for (const { smallest } of failures) terminal.out(`${red('failed:')} ${replayCommand(smallest.scenario)}\n`);
  if (failures.length === 0) terminal.out(green(`all promises held in ${sofar.runs} of ${sofar.runs} runs\n`));
}

function exitOf({ verdicts }: CampaignResult, unseen: readonly string[]): ExitCode {
  if (verdicts.broken > 0) return EXIT.failed;
  if (verdicts.stuck > 0) return EXIT.unavailable;
  if (verdicts.unknown > 0) return EXIT.usage;
  return unseen.length > 0 ? EXIT.precondition : EXIT.ok;
}
