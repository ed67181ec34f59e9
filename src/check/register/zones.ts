/**
 * A quick proof that a partition is not linearizable, where there is one (P. Gibbons and E. Korach, "Testing shared memories",
 * 1997, section 4). If a value was written once, everybody who was shown it came between its write and the next one. So
 * the key held it from the first answer that proves it to the last question that was still shown it: a zone in which it held
 * nothing else. Most violations of real stores are two zones that overlap, and their few operations are the best witness.
 * What this does not refute is left to the search.
 */
import { describe, quoted } from '../describe.js';
import type { Violation } from '../verdict.js';
import { type Cell, FIRST_VALUE, isOpen, type Operation } from './operation.js';
import type { Partition } from './partition.js';

/** Everybody who wrote or was shown one value, of those who certainly took effect. */
interface Zone {
  /** The key certainly held the value at some moment up to `proof`'s answer, and at some moment from `last`'s question on. */
  readonly proof: Operation;
  readonly last: Operation;
  readonly from: number;
  readonly to: number;
  /** Who wrote it, if that is not one of these two. */
  readonly writer: Operation | undefined;
}

/** A value that was written once, and who was certainly shown it or wrote it. */
interface Known {
  readonly value: number;
  readonly members: readonly Operation[];
}

/** The first contradiction that is found; `undefined` says nothing. */
export function refute(partition: Partition): Violation | undefined {
  for (const [key, name] of partition.keys.entries()) {
    const { zones, values } = zonesOf(partition.operations, key);
    const found = contradiction(zones);
    if (found !== undefined) return explainZones(name, found);
    for (const known of values) {
      const spent = spentValue(known, key);
      if (spent !== undefined) return explainSpent(name, spent);
    }
  }
  return undefined;
}

/** Who replaced the value, and who was shown it although that was over or had replaced it as well. */
function spentValue({ value, members }: Known, key: number): readonly [Operation, Operation] | undefined {
  const replacing = members.filter(({ transitions: [only] }) => {
    const needed = only?.needs.some((cell) => cell.key === key && cell.value === value) ?? false;
    return needed && lastSet(only?.sets ?? [], key).some((set) => set.value !== value);
  });
  for (const first of replacing) {
    const other = members.find((each) => each !== first && (each.invoke > first.complete || replacing.includes(each)));
    if (other !== undefined) return [first, other];
  }
  return undefined;
}

type Contradiction = readonly [holding: Zone, other: Zone];

/** Zones whose end is after their beginning exclude each other, and all that lies within them. */
function contradiction(zones: readonly Zone[]): Contradiction | undefined {
  const holding = zones.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  for (let i = 1; i < holding.length; i += 1) {
    const [before, after] = [holding[i - 1] as Zone, holding[i] as Zone];
    if (after.from < before.to) return [before, after];
  }
  for (const zone of zones) {
    if (zone.from < zone.to) continue;
    const around = lastFrom(holding, zone.to);
    if (around !== undefined && around.from < zone.to && zone.from < around.to) return [around, zone];
  }
  return undefined;
}

/** The last zone that begins before `time`. */
function lastFrom(holding: readonly Zone[], time: number): Zone | undefined {
  let [low, high] = [0, holding.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((holding[middle] as Zone).from < time) low = middle + 1;
    else high = middle;
  }
  return holding[low - 1];
}

function zonesOf(operations: readonly Operation[], key: number) {
  const writers = new Map<number, Operation[]>();
  const certain = new Map<number, Operation[]>();
  const alone: Operation[] = [];
  for (const operation of operations) {
    for (const value of new Set(valuesSet(operation, key))) append(writers, value, operation);
    if (!isCertain(operation)) continue;
    const [only] = operation.transitions;
    for (const { value } of (only?.needs ?? []).filter((cell) => cell.key === key)) append(certain, value, operation);
    for (const { value } of lastSet(only?.sets ?? [], key)) {
      if (value >= FIRST_VALUE) append(certain, value, operation);
      else alone.push(operation);
    }
  }
  const told = [...certain].filter(([value]) => value >= FIRST_VALUE && writers.get(value)?.length === 1);
  const zones = told.map(([value, members]) => zoneOf(members, writers.get(value)?.[0]));
  const all: readonly Zone[] = [...zones, ...alone.map((operation) => zoneOf([operation], operation))];
  return { zones: all, values: told.map(([value, members]): Known => ({ value, members })) };
}

function zoneOf(members: readonly Operation[], writer: Operation | undefined): Zone {
  const proof = members.reduce((first, each) => (each.complete < first.complete ? each : first));
  const last = members.reduce((latest, each) => (each.invoke > latest.invoke ? each : latest));
  return { proof, last, from: proof.complete, to: last.invoke, writer };
}

/** It took effect between question and answer, in the one way that is known. */
function isCertain(operation: Operation): boolean {
  return !isOpen(operation) && operation.transitions.length === 1 && operation.mayLoseExceptTo === undefined;
}

function valuesSet({ transitions }: Operation, key: number): readonly number[] {
  return transitions.flatMap(({ sets }) => lastSet(sets, key).map(({ value }) => value));
}

/** Of several steps on a key the last one is what others can be shown. */
function lastSet(sets: readonly Cell[], key: number): readonly Cell[] {
  return sets.filter((cell) => cell.key === key).slice(-1);
}

function append(lists: Map<number, Operation[]>, name: number, operation: Operation): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [operation]);
  else list.push(operation);
}

function explainZones(key: string, [holding, other]: Contradiction): Violation {
  const operations = [holding, other].flatMap(({ writer, proof, last }) => [
    ...(writer === undefined ? [] : [writer]),
    proof,
    last,
  ]);
  const records = [...new Set(operations)].sort((a, b) => a.invoke - b.invoke).map(({ record }) => record);
  const between =
    other.from < other.to
      ? `${describe(other.proof.record)} and ${describe(other.last.record)}`
      : describe(other.proof.record);
  return {
    rule: 'linearizable',
    sentence: `${quoted(key)} cannot have changed between the answer when ${describe(holding.proof.record)} and the question when ${describe(holding.last.record)}, but in this time ${between}`,
    operations: records,
  };
}

function explainSpent(key: string, [first, other]: readonly [Operation, Operation]): Violation {
  const records = [first, other].sort((a, b) => a.invoke - b.invoke).map(({ record }) => record);
  return {
    rule: 'linearizable',
    sentence: `what ${quoted(key)} held was replaced when ${describe(first.record)}, and yet ${describe(other.record)}`,
    operations: records,
  };
}
