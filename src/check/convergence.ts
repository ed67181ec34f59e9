/**
 * Promise P6: when everything is over, all replicas show the same, and no acknowledged write is lost. What they show is
 * judged like a causal read that had every acknowledged write in its past.
 */
import { analyseOperations, type CausalAnalysis } from './causal/analysis.js';
import { causalOperations } from './causal/operation.js';
import { staleWitness, thinAirWitness } from './causal/witness.js';
import { whyUnknown } from './causal-consistency.js';
import { describe, quoted, valueWords } from './describe.js';
import { type FinalRecord, type HistoryRecord, valueText } from './history/record.js';
import { type Verdict, type Violation, verdictOf } from './verdict.js';

export function checkConvergence(records: readonly HistoryRecord[]): Verdict {
  const finals = records.filter((record) => record.op === 'final');
  const byKey = new Map<string, FinalRecord[]>();
  for (const final of finals) {
    const others = byKey.get(final.key);
    if (others === undefined) byKey.set(final.key, [final]);
    else others.push(final);
  }
  const analysis = analyseEnd(records, finals);
  const lost = new LostWrites(records);
  const explanations: readonly (() => Violation)[] = [
    ...[...byKey.values()].flatMap(differing).map((violation) => () => violation),
    ...analysis.order.thinAir
      .filter(({ reader }) => isFinal(analysis, reader))
      .map((each) => () => ({ ...thinAirWitness(analysis.order, each, records), rule: 'final-thin-air' })),
    ...analysis.stale
      .filter(({ reading }) => isFinal(analysis, reading.reader))
      .map((each) => () => staleWitness(analysis.order, each, 'final-overwritten')),
    ...[...byKey.values()].flatMap((same) => lost.of(same)).map((violation) => () => violation),
  ];
  const verdict = verdictOf(finals.length, explanations, (explain) => explain());
  const reason = whyUnknown(analysis);
  return verdict.kind === 'ok' && reason !== undefined ? { kind: 'unknown', judged: finals.length, reason } : verdict;
}

/** Only the ends are judged, and every acknowledged write comes before them. */
function analyseEnd(records: readonly HistoryRecord[], finals: readonly FinalRecord[]): CausalAnalysis {
  const operations = causalOperations(records).map((each) => ({ ...each, isJudged: each.record.op === 'final' }));
  const ends = new Map<string, number[]>(finals.map(({ key }) => [key, []]));
  operations.forEach(({ record }, node) => {
    if (record.op === 'final') ends.get(record.key)?.push(node);
  });
  const edges = operations.flatMap(({ record, writes }, from) =>
    record.status === 'ok' ? writes.flatMap(({ key }) => (ends.get(key) ?? []).map((to) => ({ from, to }))) : [],
  );
  return analyseOperations(operations, edges);
}

function isFinal({ order }: CausalAnalysis, node: number): boolean {
  return order.operations[node]?.record.op === 'final';
}

function differing(finals: readonly FinalRecord[]): readonly Violation[] {
  const [first] = finals;
  const other = finals.find((each) => first !== undefined && !isSame(each, first));
  if (first === undefined || other === undefined) return [];
  const sentence = `${first.replica} shows ${wordsOf(first)} for ${quoted(first.key)}, and ${other.replica} shows ${wordsOf(other)}`;
  return [{ rule: 'final-states-differ', sentence, operations: [first, other] }];
}

/** The winner, and the others in any order. Who lists none of them may have some. */
function isSame(a: FinalRecord, b: FinalRecord): boolean {
  if (valueText(a.output) !== valueText(b.output)) return false;
  return a.outputs === undefined || b.outputs === undefined || othersOf(a) === othersOf(b);
}

function othersOf({ output, outputs = [] }: FinalRecord): string {
  return JSON.stringify([...new Set(outputs.map(valueText))].filter((text) => text !== valueText(output)).sort());
}

function wordsOf({ output, outputs = [] }: FinalRecord): string {
  const others = outputs.filter((each) => valueText(each) !== valueText(output));
  return others.length === 0
    ? valueWords(output)
    : `${valueWords(output)} (beside ${others.map(valueWords).join(', ')})`;
}

interface Write {
  readonly record: HistoryRecord;
  readonly value: string;
  readonly invoke: number;
  readonly complete: number;
}

/**
 * A write that is not among the versions at the end was superseded by one that was not over when it began, and that one is
 * there or was superseded in turn. Where versions beside the winner are not recorded, it may have lost to anything.
 */
class LostWrites {
  readonly #byKey = new Map<string, Write[]>();

  constructor(records: readonly HistoryRecord[]) {
    for (const { record, writes } of causalOperations(records)) {
      for (const { key, value } of writes) {
        const complete =
          record.status === 'ok' ? (record.complete ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
        const write = { record, value: value ?? 'null', invoke: record.invoke, complete };
        const others = this.#byKey.get(key);
        if (others === undefined) this.#byKey.set(key, [write]);
        else others.push(write);
      }
    }
  }

  of(finals: readonly FinalRecord[]): readonly Violation[] {
    const final = finals.find(({ outputs }) => outputs !== undefined);
    if (final?.outputs === undefined) return [];
    const shown = new Set([final.output, ...final.outputs].map(valueText));
    const writes = this.#byKey.get(final.key) ?? [];
    const left = writes.filter(({ value }) => shown.has(value));
    const end = lastMoment(writes, Math.max(Number.NEGATIVE_INFINITY, ...left.map(({ complete }) => complete)));
    const lost = writes.find(({ record, invoke }) => record.status === 'ok' && invoke > end);
    if (lost === undefined) return [];
    const sentence = `${describe(lost.record)} and that was acknowledged, but at the end ${final.replica} shows ${wordsOf(final)} and nothing written later`;
    return [{ rule: 'write-lost', sentence, operations: [...left.map(({ record }) => record), lost.record, final] }];
  }
}

/** Until when a write may have begun that one of those up to `end` has superseded, at first or second hand. */
function lastMoment(writes: readonly Write[], end: number): number {
  const byInvoke = [...writes].sort((a, b) => a.invoke - b.invoke);
  let last = end;
  for (const { invoke, complete } of byInvoke) if (invoke <= last) last = Math.max(last, complete);
  return last;
}
