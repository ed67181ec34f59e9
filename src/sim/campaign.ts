/** Many runs, one seed after the other, and what they have seen together. */
import { addCounts, COUNTS, type CountName, type Counts, noCounts } from './counts.js';
import { type RunResult, runScenario, type Verdict } from './run.js';
import { drawScenario } from './scenario.js';

export interface CampaignOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly ticks: number;
  /** Faults to keep, by number, where one run is to be repeated with fewer. */
  readonly only?: readonly number[] | undefined;
  readonly keepsText?: boolean;
  /** After each run. Returns false to end the campaign. */
  readonly onRun?: (result: RunResult, sofar: CampaignResult) => boolean;
}

export interface CampaignResult {
  runs: number;
  simulatedMs: number;
  events: number;
  readonly verdicts: Record<Verdict, number>;
  readonly counts: Counts;
}

/** So rare that a campaign may miss them by chance. */
const RARE: ReadonlySet<CountName> = new Set(['replays', 'uniqueViolations', 'oldCopies']);
/** What so many runs cannot all do without. */
const EXPECTED = COUNTS.filter((name) => !RARE.has(name));
/** Fewer runs than this may miss something by chance. */
const RUNS_TO_SEE_ALL = 100;

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const verdicts = { held: 0, broken: 0, stuck: 0, unknown: 0 };
  const sofar: CampaignResult = { runs: 0, simulatedMs: 0, events: 0, verdicts, counts: noCounts() };
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed += 1) {
    const scenario = drawScenario(seed, options.ticks, options.only);
    const result = await runScenario(scenario, { keepsText: options.keepsText ?? false });
    sofar.runs += 1;
    sofar.simulatedMs += result.simulatedMs;
    sofar.events += result.events;
    verdicts[result.verdict] += 1;
    addCounts(sofar.counts, result.counts);
    if (options.onRun?.(result, sofar) === false) break;
  }
  return sofar;
}

/** What none of the runs has seen although it should have: they have proved nothing about it. */
export function neverSeen({ runs, counts }: CampaignResult): readonly CountName[] {
  const basics: readonly CountName[] = ['acknowledged', 'elections', 'entries'];
  return (runs < RUNS_TO_SEE_ALL ? basics : EXPECTED).filter((name) => counts[name] === 0);
}
