/** What is told of runs, in lines for a person. */
import { LIMITS } from '../base/limits.js';
import type { CampaignResult } from './campaign.js';
import { COUNTS } from './counts.js';
import { describeFault } from './faults/fault.js';
import type { RunResult } from './run.js';
import { describeScenario, drawScenario, type Scenario } from './scenario.js';
import { DEFAULT_TICKS } from './scenario-defaults.js';

const SAID = { held: 'held', broken: 'BROKE A PROMISE', stuck: 'DID NOT RECOVER', unknown: 'could not be judged' };
const FINDINGS_SHOWN = 5;

/** The command that does the same run again. */
export function replayCommand({ seed, ticks, faults }: Scenario): string {
  const all = drawScenario(seed, ticks).faults.length;
  const only = faults.length === all ? '' : ` --only-faults ${faults.map(({ number }) => number).join() || 'none'}`;
  return `causeway sim --seed ${seed}${ticks === DEFAULT_TICKS ? '' : ` --ticks ${ticks}`}${only}`;
}

/** Said before a run begins: all that determines it. */
export function announceRun(scenario: Scenario): string {
  const lines = [`seed ${scenario.seed}: ${describeScenario(scenario)}`, `again: ${replayCommand(scenario)}`];
  return lines.concat(scenario.faults.map((fault) => `  ${describeFault(fault)}`)).join('\n');
}

export function describeRun({ scenario, verdict, findings, digest, simulatedMs, events }: RunResult): string {
  const seconds = (simulatedMs / 1000).toFixed(1);
  const first = `seed ${scenario.seed} ${SAID[verdict]} (${seconds} simulated seconds, ${events} events, digest ${digest})`;
  const shown = findings.slice(0, FINDINGS_SHOWN).map(({ rule, sentence, atMs }) => {
    return `  ${(atMs / 1000).toFixed(3)} s ${rule}: ${sentence}`;
  });
  const more = findings.length - shown.length;
  return [first, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join('\n');
}

/** @param tookMs Of real time. */
export function describeProgress(
  { runs, simulatedMs, verdicts }: CampaignResult,
  seeds: number,
  tookMs: number,
): string {
  const rate = (runs / Math.max(1, tookMs)) * 1000;
  const failed = runs - verdicts.held;
  const simulated = simulatedMs / 1000;
  const speed = Math.round(simulatedMs / Math.max(1, tookMs));
  const time = simulated < 600 ? `${simulated.toFixed(0)} s` : `${(simulated / 3600).toFixed(1)} h`;
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  return `${runs} of ${seeds} seeds, ${rate.toFixed(1)} a second, ${time} simulated (${speed} times real time)${failures}`;
}

/** What the runs have met, as rows of a name and a number. */
export function campaignRows({ counts, simulatedMs, events }: CampaignResult): readonly (readonly [string, string])[] {
  const ticks = Math.round(simulatedMs / LIMITS.tickMs);
  const rows = COUNTS.map((name): readonly [string, string] => [spaced(name), String(counts[name])]);
  return [['ticks', String(ticks)], ['events', String(events)], ...rows];
}

function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
