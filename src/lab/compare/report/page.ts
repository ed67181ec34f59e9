/** `report.html`: a comparison on one page that needs nothing else. */
import { diagram } from '../../../check/timeline/diagram.js';
import { escapeText } from '../../../check/timeline/escape.js';
import { ARROW_HEAD } from '../../../check/timeline/style.js';
import { WAN_SOURCE } from '../../wan/presets.js';
import type { Measured } from '../measured.js';
import type { PhaseRun, Results } from '../results.js';
import { WriteHistory } from '../staleness.js';
import { isDecided, isKept, type Specimen, type Summary } from '../summary.js';
import { Charts } from './charts.js';
import { FEW_READS, isNamedShare, latencyChart, stalenessChart, visibilityChart } from './curves.js';
import { embedded } from './library.js';
import { ribbons } from './ribbons.js';
import { STYLE } from './style.js';
import { assertionTable, distanceTable, overviewTable, phaseTable, promiseTable, table } from './tables.js';

export function reportPage({ results, specimen }: Summary, measured: readonly Measured[]): string {
  const { phases, regions } = results;
  const replicas = regions.map(({ replica }) => replica);
  const { style, scripts, hashes } = embedded();
  const charts = new Charts();
  // Nothing of the page is fetched, and nothing runs in it but what it brings.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>What each consistency level costs, and what it buys</title>
<style>${style}${STYLE}</style></head><body>
<h1>What each consistency level costs, and what it buys</h1>
<p>${escapeText(opening(results))}</p>
<p class="verdict ${verdictClass(results)}">${escapeText(verdictWords(results))}</p>
<h2>In short</h2><p>Medians when all was well, who was served on either side of the partition, and what went wrong in the whole run.</p>
${overviewTable(results)}
<h2>Who was served</h2>
<p>Each block is a moment at one replica: full colour where everything was served, paler where some was refused, red where nothing was. Faults are shaded.</p>
<div class="scroll">${ribbons(phases, replicas, measured)}</div>
${chartSections(results, measured, charts)}
<h2>Phase by phase</h2>
${phases.map((phase) => phaseTable(phase, results.cells)).join('')}
<h2>What went wrong, where nothing was promised</h2>
${specimenSection(specimen)}
<h2>Promises</h2>
${promiseTable(results)}${assertionTable(results)}
<p>${escapeText(endWords(results))}</p>
${colophon(results)}
<script type="application/json" id="charts">${charts.json()}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body></html>
`;
}

function chartSections(results: Results, measured: readonly Measured[], charts: Charts): string {
  const { phases, visibility } = results;
  const writes = new WriteHistory(measured);
  const waiting = (phase: PhaseRun): string =>
    (['read', 'write'] as const)
      .map((kind) => charts.place(latencyChart(kind, phase, measured), isNamedShare))
      .join('');
  const seen = (phase: PhaseRun): string =>
    charts.place(visibilityChart(phase.name, visibility)) + charts.place(stalenessChart(phase, measured, writes));
  return `<h2>How long clients waited</h2>
${firstAndRest(phases, waiting)}
<h3>Distance matters</h3><p>${escapeText(distanceWords(results))}</p>
${distanceTable(results)}
<h2>How soon a write is seen elsewhere, and how old reads were</h2>
<p>Only times that at least ${FEW_READS} reads fell into are drawn.</p>
${firstAndRest(phases, seen)}`;
}

/** The healthy cluster is there at once, the others for whoever asks. */
function firstAndRest([first, ...rest]: readonly PhaseRun[], section: (phase: PhaseRun) => string): string {
  const charts = (phases: readonly PhaseRun[]): string => `<div class="charts">${phases.map(section).join('')}</div>`;
  const others = `<details class="rest"><summary>The other phases: ${escapeText(rest.map(({ name }) => name).join(', '))}</summary>${charts(rest)}</details>`;
  return (first === undefined ? '' : charts([first])) + (rest.length === 0 ? '' : others);
}

function opening({ requests, clients, plan, phases }: Results): string {
  return (
    `${requests} requests of ${clients} clients at ${plan.replicas} replicas, the same load at every level, ` +
    `in ${phases.length} phases: ${phases.map(({ name }) => name).join(', ')}.`
  );
}

function verdictClass(results: Results): string {
  return !isKept(results) ? 'violated' : isDecided(results) ? 'ok' : 'unknown';
}

function verdictWords(results: Results): string {
  if (!isKept(results)) return 'A promise was broken, or an assertion failed: see the end of this page.';
  return isDecided(results) ? 'Every promise was kept.' : 'No promise was seen broken, but not all could be decided.';
}

function distanceWords({ plan, phases }: Results): string {
  const [healthy] = phases;
  if (plan.wan === 'none') return 'No distances were put between the replicas: this is the raw machine.';
  return (
    `Delays between regions as ${plan.wan} has them; r1 led at the beginning of "${healthy?.name ?? ''}". The weaker levels ` +
    'are answered where they are asked; linearizable needs the leader and a majority.'
  );
}

function specimenSection(specimen: Specimen | undefined): string {
  if (specimen === undefined) return '<p>No read contradicted what its client, or whoever it heard from, had seen.</p>';
  const { level, violation } = specimen;
  return `<p>The first one, at <b class="${level}">${level}</b>, held to the standard of causal: ${escapeText(violation.sentence)}.</p>${ARROW_HEAD}<div class="scroll">${diagram(violation.operations)}</div>`;
}

function endWords({ siblings, convergenceAtEndMs }: Results): string {
  const equal =
    convergenceAtEndMs === null
      ? 'Replicas did not become equal at the end.'
      : `Replicas were equal ${convergenceAtEndMs.toFixed(0)} ms after the last request.`;
  return `${equal} ${siblings.withSiblings} of ${siblings.keys} keys showed concurrent versions then.`;
}

function colophon({ environment, plan, command, startedAt, phases }: Results): string {
  const facts = Object.entries(environment).map(([name, value]) => [words(name), String(value)]);
  const load = Object.entries(plan.load).map(([name, value]) => [words(name), String(value)]);
  return `<h2>How this was measured</h2><ul>${METHOD.map((line) => `<li>${escapeText(line)}</li>`).join('')}</ul>
<h3>Caveats</h3><ul>${CAVEATS.map((line) => `<li>${escapeText(line)}</li>`).join('')}</ul>
<h3>Load</h3>${table(['', ''], load)}
<h3>Environment</h3><p>${escapeText(startedAt)}, ${escapeText(lasted(phases))}.</p>${table(['', ''], facts)}
<h3>The same again</h3><pre>${escapeText(command)}</pre>
<p>Distances: ${escapeText(WAN_SOURCE)}.</p>
<p>Every figure can be recomputed from <code>history.jsonl</code> and the phases in <code>results.json</code>; docs/COMPARE.md says how. Charts by uPlot, © Leon Sorokin, MIT licence.</p>`;
}

const METHOD = [
  'Clients arrive by chance at a steady rate, whether those before them were answered or not, and their waiting counts from the moment they meant to begin: slow moments are not left out.',
  'Waiting is kept in HDR histograms, in microseconds with three significant digits; percentiles are by nearest rank, and maxima are exact. Only requests that were served have a latency. Refusals (certainly not applied) and unknown outcomes are counted apart. A condition that does not hold is an answer.',
  'All levels are under load at the same time, on keys of their own, so that they meet the same faults.',
  'A read is stale if a write of its key had begun after the shown one was acknowledged, and was acknowledged before the read began.',
  'Every level is held to the standard of causal when anomalies are counted; promises are judged by the checkers of "causeway check".',
];
const CAVEATS = [
  'All replicas, the broker and the clients share one machine: they compete for its processors, and load from elsewhere shows in the latencies (see the environment). Distances are delays, without loss or limits of bandwidth.',
  'At the weaker levels a write that lost against a concurrent one counts as newer for ever, so staleness is an upper bound there.',
  'A short run has few requests beyond the 99th percentile: its p99.9 is close to its maximum.',
  'Timers of Node.js fire up to 1.5 ms late on an idle machine; so much of a late start is not counted.',
];

function lasted(phases: readonly PhaseRun[]): string {
  const ms = (phases.at(-1)?.nextMs ?? 0) - (phases[0]?.startMs ?? 0);
  return `${(ms / 1_000).toFixed(0)} s of load`;
}

/** `loadBefore` as `load before`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
