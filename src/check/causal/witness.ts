/** Bad patterns in words, each with the few operations that prove it. */
import { actorOf, deedOf, describe, quoted, valueWords } from '../describe.js';
import type { HistoryRecord, Value } from '../history/record.js';
import type { Violation } from '../verdict.js';
import { causalOperations, type Shown } from './operation.js';
import type { CausalOrder } from './order.js';
import { NOTHING } from './sources.js';
import type { StaleRead } from './stale.js';

export function staleWitness(order: CausalOrder, { reading, source, overwriter }: StaleRead, rule?: string): Violation {
  const reader = recordOf(order, reading.reader);
  const later = recordOf(order, overwriter);
  const toReader = wayBetween(order, overwriter, reading.reader);
  const toOverwriter = source === NOTHING ? [] : wayBetween(order, source, overwriter);
  const known = valueWords(valueIn(reading.shown));
  const knew = toReader.length === 0 ? '' : ` (${toReader.map(describe).join(', ')})`;
  const shown = reading.isSibling ? `listed ${known} among the versions of` : `showed ${known} for`;
  const why =
    source === NOTHING
      ? `the ${nameOf(later)} was in its past`
      : `${actorOf(later)}, who had that in its past, had overwritten it (${deedOf(later)}), and this was in the past of the ${nameOf(reader)}`;
  const steps = source === NOTHING ? [] : [recordOf(order, source), ...toOverwriter];
  return {
    rule: rule ?? (source === NOTHING ? 'write-co-init-read' : 'write-co-read'),
    sentence: `a ${nameOf(reader)} of ${actorOf(reader)} ${shown} ${quoted(reading.shown.key)}, but ${why}${knew}`,
    operations: inOrder([...steps, later, ...toReader, reader]),
  };
}

export function cycleWitness(order: CausalOrder, cycle: readonly number[]): Violation {
  const records = recordsOn(order, cycle);
  const told = records.map(describe);
  return {
    rule: 'cyclic-co',
    sentence: `each of these came before the next, and the last before the first: ${told.join('; ')}`,
    operations: inOrder(records),
  };
}

/** `records` is the whole history: a write that failed, or was made later, is the best explanation. */
export function thinAirWitness(
  order: CausalOrder,
  { reader, shown }: CausalOrder['thinAir'][number],
  records: readonly HistoryRecord[],
): Violation {
  const read = recordOf(order, reader);
  const failed = records.filter(({ status }) => status === 'fail');
  const asIfApplied = failed.map((record) => ({ ...record, status: 'info', complete: null }) as HistoryRecord);
  const pretended = causalOperations(asIfApplied).find(writes(shown))?.record;
  const refused = pretended === undefined ? undefined : failed[asIfApplied.indexOf(pretended)];
  const later = order.operations.find((operation, node) => node !== reader && writes(shown)(operation))?.record;
  const cause = refused ?? later;
  const why =
    refused !== undefined
      ? `but the only one who tried to write that, ${actorOf(refused)}, was told that it was not applied`
      : later !== undefined
        ? 'but that was written only after the answer'
        : 'which nobody ever wrote';
  return {
    rule: 'thin-air-read',
    sentence: `a ${nameOf(read)} of ${actorOf(read)} showed ${valueWords(valueIn(shown))} for ${quoted(shown.key)}, ${why}`,
    operations: inOrder(cause === undefined ? [read] : [cause, read]),
  };
}

/** What lies between two operations on a shortest way of the causal order. */
function wayBetween(order: CausalOrder, from: number, to: number): readonly HistoryRecord[] {
  return recordsOn(order, order.graph.path(from, to)?.slice(1, -1) ?? []);
}

/** Nodes that stand for the knowledge of a session or a token are nobody's operation. */
function recordsOn({ operations }: CausalOrder, nodes: readonly number[]): readonly HistoryRecord[] {
  return nodes.flatMap((node) => operations[node]?.record ?? []);
}

function recordOf({ operations }: CausalOrder, node: number): HistoryRecord {
  return (operations[node] as CausalOrder['operations'][number]).record;
}

function inOrder(records: readonly HistoryRecord[]): readonly HistoryRecord[] {
  return [...new Set(records)].sort((a, b) => a.invoke - b.invoke);
}

function writes({ key, value }: Shown) {
  return (operation: { readonly writes: readonly Shown[] }): boolean =>
    operation.writes.some((write) => write.key === key && write.value === value);
}

function valueIn({ value }: Shown): Value | undefined {
  return value === undefined ? undefined : (JSON.parse(value) as Value);
}

function nameOf({ op }: HistoryRecord): string {
  return op === 'final' ? 'final state' : op === 'txn' ? 'transaction' : op;
}
