/**
 * Promise P9 for numbers that are handed out - fencing tokens of a lock, values of a sequence: none of them twice, and one
 * that was asked for after another had been given is greater.
 */
import type { HistoryRecord } from '../../check/history/record.js';
import { type Verdict, type Violation, verdictOf } from '../../check/verdict.js';

type Handing = Extract<HistoryRecord, { readonly op: 'acquire' | 'next' }>;
type Given = Handing & { readonly output: number; readonly complete: number };

export function checkGrowing(records: readonly HistoryRecord[], op: Handing['op']): Verdict {
  const given = records.filter((record): record is Given => record.op === op && isGiven(record));
  const byKey = new Map<string, Given[]>();
  for (const one of given) {
    const known = byKey.get(one.key);
    if (known === undefined) byKey.set(one.key, [one]);
    else known.push(one);
  }
  return verdictOf(given.length, [...byKey.values()].flatMap(violationOf), (violation) => violation);
}

function isGiven(record: HistoryRecord): boolean {
  return record.status === 'ok' && record.complete !== null && 'output' in record && typeof record.output === 'number';
}

/** In order of the numbers, each must have been answered after the latest begin of those before it. */
function violationOf(given: readonly Given[]): readonly Violation[] {
  const ordered = [...given].sort((a, b) => a.output - b.output);
  let latest: Given | undefined;
  for (const [i, one] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before?.output === one.output) return [violated('was handed out twice', one, before)];
    if (latest !== undefined && one.complete < latest.invoke) {
      return [violated('was answered before a smaller one was asked for', one, latest)];
    }
    if (latest === undefined || one.invoke > latest.invoke) latest = one;
  }
  return [];
}

function violated(what: string, one: Given, other: Given): Violation {
  const sentence = `${one.output} of ${JSON.stringify(one.key)} ${what}`;
  return { rule: 'growing', sentence, operations: [one, other].sort((a, b) => a.invoke - b.invoke) };
}
