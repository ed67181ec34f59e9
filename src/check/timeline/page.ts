/** The verdicts of a history as one HTML page that needs nothing else: it opens at the first violation. */
import { describe } from '../describe.js';
import type { HistoryRecord } from '../history/record.js';
import type { Judgement } from '../judge.js';
import type { Verdict, Violation } from '../verdict.js';
import { diagram } from './diagram.js';
import { escapeText } from './escape.js';
import { ARROW_HEAD, DIAGRAM_COLOURS, DIAGRAM_STYLE } from './style.js';

export interface TimelineFacts {
  /** The name of the history. */
  readonly title: string;
  /** How many operations it has. */
  readonly operations: number;
  readonly judgements: readonly Judgement[];
}

const STYLE = `${DIAGRAM_COLOURS}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1.2rem .2rem 0; vertical-align: top; overflow-wrap: normal; }
section { margin: 2.5rem 0; padding-top: .5rem; border-top: 1px solid var(--line); }
.violated, .last { color: var(--bad); } .unknown { color: var(--doubt); }
.scroll { overflow-x: auto; } ol { font-size: 13px; opacity: .75; }
@media (max-width: 40rem) { td, th { padding-right: .6rem; font-size: 13px; } }
${DIAGRAM_STYLE}`;

/** Nothing of the page is fetched, and nothing in it may be. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

const JUMP = `if (location.hash === '') document.getElementById('violation-1')?.scrollIntoView();`;

export function timelinePage({ title, operations, judgements }: TimelineFacts): string {
  const violations = judgements.flatMap(({ model, verdict }) =>
    verdict.kind === 'violated' ? verdict.violations.map((violation) => ({ model, violation })) : [],
  );
  const sections = violations.map(({ model, violation }, i) => section(i + 1, violations.length, model, violation));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(title)}: ${countWords(violations.length)}</title>
<style>${STYLE}</style></head><body>
<h1>${escapeText(title)}</h1><p>${operations} operations.</p>
<div class="scroll"><table><tr><th>model</th><th>verdict</th><th>operations</th><th></th></tr>${judgements.map(row).join('')}</table></div>
${ARROW_HEAD}
${sections.join('\n')}
<script>${JUMP}</script></body></html>
`;
}

function countWords(violations: number): string {
  return violations === 0 ? 'no violation' : violations === 1 ? '1 violation' : `${violations} violations`;
}

function row({ model, verdict, notes }: Judgement): string {
  const detail = [detailOf(verdict), ...notes].filter((text) => text !== '').join('; ');
  return `<tr><td>${model}</td><td class="${verdict.kind}">${verdict.kind}</td><td>${verdict.judged}</td><td>${escapeText(detail)}</td></tr>`;
}

function detailOf(verdict: Verdict): string {
  if (verdict.kind === 'ok') return verdict.judged === 0 ? 'nothing to judge' : '';
  if (verdict.kind === 'unknown') return verdict.reason;
  return verdict.found === verdict.violations.length
    ? `${verdict.found} found`
    : `${verdict.found} found, the first ${verdict.violations.length} below`;
}

function section(number: number, all: number, model: string, { rule, sentence, operations }: Violation): string {
  const next = number < all ? ` <a href="#violation-${number + 1}">next</a>` : '';
  return `<section id="violation-${number}"><h2>${number}. ${escapeText(model)}: ${escapeText(rule)}</h2><p>${escapeText(sentence)}.${next}</p>
<div class="scroll">${diagram(operations)}</div><ol>${operations.map(item).join('')}</ol></section>`;
}

function item(record: HistoryRecord): string {
  const source = record.line === undefined ? '' : ` (line ${record.line})`;
  return `<li>${escapeText(describe(record))}${source}</li>`;
}
