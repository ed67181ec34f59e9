/** `causeway compare`: the levels beside each other on a lab of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../adapters/make-folder.js';
import { CausewayError } from '../../base/errors.js';
import { describeBroker } from '../../lab/broker-choice.js';
import { type Lab, startLab } from '../../lab/cluster.js';
import { parseAssertion } from '../../lab/compare/assertion.js';
import { environmentOf, loadNow } from '../../lab/compare/environment.js';
import {
  type Distribution,
  fullPhases,
  type MixName,
  type PhasePlan,
  type Plan,
  quickPhases,
} from '../../lab/compare/plan.js';
import { reportPage } from '../../lab/compare/report/page.js';
import { compare, type Recorded } from '../../lab/compare/run.js';
import { cellsOf, isDecided, isKept, type Summary, summarise } from '../../lab/compare/summary.js';
import { type WanName, wanPreset } from '../../lab/wan/presets.js';
import { Guide } from '../compare-guide.js';
import { PhaseProgress } from '../compare-progress.js';
import { renderOverview, renderPhase, renderVerdicts } from '../compare-table.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { stopSignal } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';

export interface CompareOptions {
  readonly quick?: boolean;
  /** Tell a newcomer what happens. */
  readonly guide?: boolean;
  readonly wan: WanName;
  readonly out: string;
  readonly assert: readonly string[];
  readonly replicas?: number;
  /** In ms. */
  readonly phase?: number;
  readonly rate: number;
  readonly mix: MixName;
  readonly keys: number;
  readonly distribution: Distribution;
  readonly valueSize: number;
  readonly timeout: number;
  readonly seed: number;
  readonly transport?: 'nats-server' | 'embedded';
  readonly output?: 'table' | 'json';
}

const INTERRUPTED = 130;
const DEFAULT_REPLICAS = 3;
const PHASE_MS = 20_000;
const CONVERSATIONS_PER_SECOND = 3;
const QUICK_PHASE_MS = 6_000;

export async function compareLevels(terminal: Terminal, options: CompareOptions): Promise<ExitCode> {
  const assertions = options.assert.map(parseAssertion);
  const plan = planOf(options);
  const guide = options.guide === true ? new Guide(terminal, plan) : undefined;
  makeResultsFolder(options.out);
  const stop = stopSignal();
  // The guard ends the lab; nothing here is worth waiting for.
  stop.addEventListener('abort', () => process.exit(INTERRUPTED));
  /** Nothing in a comparison ends a process. */
  const accidents: string[] = [];
  const loadBefore = loadNow();
  const startedAt = new Date().toISOString();
  const lab = await startLab({
    replicas: plan.replicas,
    announce: (line) => terminal.err(`${line}\n`),
    report: (line) => {
      accidents.push(line);
      terminal.err(`${line}\n`);
    },
    ...(options.transport === undefined ? {} : { transport: options.transport }),
  });
  let recorded: Recorded;
  try {
    terminal.err(`${describeBroker(lab.nats.choice)}; ${plan.replicas} replicas, distances: ${plan.wan}\n`);
    guide?.welcome();
    recorded = await compare({ lab, plan, ...progressOf(terminal, guide) });
  } finally {
    await lab.stop();
  }
  terminal.err(`judging ${recorded.recorder.measured.length} requests …\n`);
  const environment = environmentOf(version(), lab.nats.choice, loadBefore);
  const told = { plan, startedAt, command: commandOf(options), environment, assertions, replicas: namesOf(lab) };
  const summary = summarise(recorded, told);
  await writeFiles(options.out, recorded, summary);
  show(terminal, options, summary, guide);
  return accidents.length > 0 ? EXIT.failed : exitOf(summary);
}

function planOf(options: CompareOptions): Plan {
  const { wan, seed, rate, mix, keys, distribution, valueSize, timeout } = options;
  const phases: (eachMs: number) => readonly PhasePlan[] = options.quick === true ? quickPhases : fullPhases;
  return {
    wan,
    seed,
    replicas: options.replicas ?? wanPreset(wan)?.regions.length ?? DEFAULT_REPLICAS,
    load: {
      ratePerSecond: rate,
      mix,
      keys,
      distribution,
      valueSize,
      timeoutMs: timeout,
      conversationsPerSecond: CONVERSATIONS_PER_SECOND,
    },
    phases: phases(options.phase ?? (options.quick === true ? QUICK_PHASE_MS : PHASE_MS)),
  };
}

function progressOf(
  terminal: Terminal,
  guide: Guide | undefined,
): Required<Pick<Parameters<typeof compare>[0], 'began' | 'ended'>> {
  const progress = new PhaseProgress(terminal);
  return {
    began: (begun) => {
      guide?.began(begun);
      progress.began(begun);
    },
    ended: (phase, recorder) => {
      progress.ended(phase, recorder);
      guide?.ended(phase, cellsOf(phase, recorder.measured));
    },
  };
}

/** The same again. Where the files go is no part of it. */
function commandOf(options: CompareOptions): string {
  const { wan, rate, mix, keys, distribution, valueSize, timeout, seed } = options;
  return [
    'causeway compare',
    ...(options.quick === true ? ['--quick'] : []),
    `--wan ${wan} --rate ${rate} --mix ${mix} --keys ${keys} --distribution ${distribution}`,
    `--value-size ${valueSize} --timeout ${timeout}ms --seed ${seed}`,
    ...(options.replicas === undefined ? [] : [`--replicas ${options.replicas}`]),
    ...(options.phase === undefined ? [] : [`--phase ${options.phase}ms`]),
    ...(options.transport === undefined ? [] : [`--transport ${options.transport}`]),
  ].join(' ');
}

function makeResultsFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CausewayError('invalid-config', `${folder} cannot be made: ${why}`);
  }
}

async function writeFiles(folder: string, { recorder }: Recorded, summary: Summary): Promise<void> {
  const lines = recorder.lines().map((line) => `${line}\n`);
  await writeFile(join(folder, 'history.jsonl'), lines.join(''));
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(summary.results, undefined, 2)}\n`);
  await writeFile(join(folder, 'report.html'), reportPage(summary, recorder.measured));
}

function show(
  terminal: Terminal,
  { out, output }: CompareOptions,
  { results }: Summary,
  guide: Guide | undefined,
): void {
  if (output === 'json') {
    terminal.out(`${JSON.stringify(results)}\n`);
    return;
  }
  if (guide === undefined) for (const phase of results.phases) terminal.out(renderPhase(phase, results.cells));
  terminal.out(`\n${renderOverview(results)}`);
  guide?.conclude(results);
  terminal.out(renderVerdicts(results));
  terminal.out(`\nThe report is ${join(out, 'report.html')}; the same again: ${results.command}\n`);
}

function exitOf({ results }: Summary): ExitCode {
  if (!isKept(results)) return EXIT.failed;
  return isDecided(results) ? EXIT.ok : EXIT.usage;
}

function namesOf(lab: Lab): readonly string[] {
  return lab.replicas.map(({ id }) => id);
}
