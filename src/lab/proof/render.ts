/** A proof's outcome as text. */
import { historyLine } from '../../check/history/line.js';
import type { Outcome } from './outcome.js';

export function renderOutcome(name: string, { tally, judgements, troubles, facts }: Outcome): string {
  const lines = [name, ...Object.entries(facts).map(([fact, value]) => `  ${fact}: ${value}`)];
  for (const [operation, { ok, fail, info }] of Object.entries(tally).sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`  ${operation.padEnd(22)} ${column(ok)} ok ${column(fail)} not applied ${column(info)} unknown`);
  }
  for (const { model, verdict, notes } of judgements) {
    lines.push([`  ${model}: ${verdict.kind}, ${verdict.judged} operations`, ...notes].join('; '));
    if (verdict.kind === 'unknown') lines.push(`    ${verdict.reason}`);
    if (verdict.kind !== 'violated') continue;
    for (const { sentence, operations } of verdict.violations) {
      lines.push(`    ${sentence}`, ...operations.map((record) => `      ${historyLine(record)}`));
    }
  }
  return [...lines, ...troubles.map((trouble) => `  TROUBLE: ${trouble}`), ''].join('\n');
}

function column(count: number): string {
  return String(count).padStart(7);
}
