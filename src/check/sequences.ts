/** Promise P9 for sequences: no number is drawn twice, and whoever asks later draws a higher one. */
import { describe, quoted } from './describe.js';
import type { CoordinationRecord, HistoryRecord } from './history/record.js';
import { type Verdict, type Violation, verdictOf } from './verdict.js';

type Next = Extract<CoordinationRecord, { readonly op: 'next' }>;

interface Draw {
  readonly record: Next;
  readonly number: number;
  readonly complete: number;
}

export function checkSequences(records: readonly HistoryRecord[]): Verdict {
  const sequences = new Map<string, Draw[]>();
  for (const record of records) {
    if (record.op !== 'next' || record.status !== 'ok' || record.output === undefined) continue;
    const draw = { record, number: record.output, complete: record.complete ?? Number.POSITIVE_INFINITY };
    const others = sequences.get(record.key);
    if (others === undefined) sequences.set(record.key, [draw]);
    else others.push(draw);
  }
  const draws = [...sequences.values()];
  const violations = draws.flatMap((drawn) => [...drawnTwice(drawn), ...drawnTooLow(drawn), ...belowOne(drawn)]);
  const judged = draws.reduce((sum, { length }) => sum + length, 0);
  return verdictOf(judged, violations, (each) => each);
}

function drawnTwice(draws: readonly Draw[]): readonly Violation[] {
  const first = new Map<number, Next>();
  return draws.flatMap(({ record, number }): readonly Violation[] => {
    const other = first.get(number);
    if (other === undefined) {
      first.set(number, record);
      return [];
    }
    const sentence = `${number} was drawn twice from sequence ${quoted(record.key)}`;
    return [{ rule: 'drawn-once', sentence, operations: [other, record] }];
  });
}

/** Draws in order of invocation, against the highest number that had been answered before each. */
function drawnTooLow(draws: readonly Draw[]): readonly Violation[] {
  const answered = [...draws].sort((a, b) => a.complete - b.complete);
  let highest: Draw | undefined;
  let next = 0;
  return [...draws]
    .sort((a, b) => a.record.invoke - b.record.invoke)
    .flatMap(({ record, number }): readonly Violation[] => {
      for (; next < answered.length && (answered[next] as Draw).complete < record.invoke; next += 1) {
        const draw = answered[next] as Draw;
        if (highest === undefined || draw.number > highest.number) highest = draw;
      }
      if (highest === undefined || highest.number <= number) return [];
      const sentence = `${describe(record)}, although ${highest.number} had been drawn before it asked`;
      return [{ rule: 'strictly-growing', sentence, operations: [highest.record, record] }];
    });
}

function belowOne(draws: readonly Draw[]): readonly Violation[] {
  return draws
    .filter(({ number }) => number < 1)
    .map(({ record }) => ({
      rule: 'from-one',
      sentence: `${describe(record)}, but sequences begin with 1`,
      operations: [record],
    }));
}
