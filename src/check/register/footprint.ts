/**
 * What a record of the history means for the linearizable order, with keys and values still by name: which transitions it
 * may stand for, and when it must have happened. Rules P1 and P2 of the consistency contract are applied here.
 */
import { type RegisterRecord, type TxnRecord, type TxnStep, type Value, valueText } from '../history/record.js';

/** A key and the text of its value; `undefined` = it shows nothing. */
export interface NamedCell {
  readonly key: string;
  readonly value: string | undefined;
}

export interface NamedTransition {
  readonly needs: readonly NamedCell[];
  readonly unless: readonly NamedCell[];
  readonly sets: readonly NamedCell[];
}

export interface Footprint {
  readonly record: RegisterRecord;
  readonly transitions: readonly NamedTransition[];
  readonly invoke: number;
  /** Infinity = takes effect at any moment after `invoke`, or never. */
  readonly complete: number;
  /** A weaker write that a majority has acknowledged: bound to happen in its time, unless it loses arbitration. */
  readonly mayLose: boolean;
}

/**
 * Failed operations left no trace, and weaker reads promise nothing in this order. A weaker write is open-ended, each key
 * of a batch by itself: it enters the order when a linearizable operation first observes it. Acknowledged by a majority, it
 * is complete like any other.
 */
export function footprintsOf(record: RegisterRecord): readonly Footprint[] {
  if (record.status === 'fail') return [];
  if (record.level === 'linearizable') return linearizableFootprint(record);
  if (record.op === 'read') return [];
  const isBound = record.status === 'ok' && (record.durability === 'majority' || record.durability === 'all');
  const complete = isBound && record.complete !== null ? record.complete : Number.POSITIVE_INFINITY;
  const sets = record.op === 'txn' ? record.onSuccess.flatMap(setBy) : transitionOf(record).sets;
  const { invoke } = record;
  return sets.map((cell) => ({ record, transitions: [write(cell)], invoke, complete, mayLose: isBound }));
}

function linearizableFootprint(record: RegisterRecord): readonly Footprint[] {
  const { invoke } = record;
  if (record.status === 'ok' && record.complete !== null) {
    const transitions = [record.op === 'txn' ? txnTaken(record) : transitionOf(record)];
    return [{ record, transitions, invoke, complete: record.complete, mayLose: false }];
  }
  // What it read, if anything, was never told.
  if (record.op === 'read') return [];
  const transitions = record.op === 'txn' ? branches(record) : [transitionOf(record)];
  return [{ record, transitions, invoke, complete: Number.POSITIVE_INFINITY, mayLose: false }];
}

function transitionOf(record: Exclude<RegisterRecord, { readonly op: 'txn' }>): NamedTransition {
  const { key } = record;
  switch (record.op) {
    case 'read':
      return { needs: [cell(key, record.output ?? null)], unless: [], sets: [] };
    case 'write':
      return write(cell(key, record.value));
    case 'cas':
      return { needs: [cell(key, record.expect)], unless: [], sets: [cell(key, record.value)] };
    case 'create':
      return { needs: [cell(key, null)], unless: [], sets: [cell(key, record.value)] };
    case 'delete':
      return write(cell(key, null));
  }
}

function txnTaken(record: TxnRecord): NamedTransition {
  const succeeded = record.output?.succeeded ?? true;
  const taken = branch(record, succeeded);
  const steps = succeeded ? record.onSuccess : record.onFailure;
  const shown = steps.flatMap((step, i) =>
    step.kind === 'get' ? [cell(step.key, record.output?.results[i] ?? null)] : [],
  );
  return { ...taken, needs: [...taken.needs, ...shown] };
}

/** Without checks there is nothing that could fail. */
function branches(record: TxnRecord): readonly NamedTransition[] {
  return record.checks.length === 0 ? [branch(record, true)] : [branch(record, true), branch(record, false)];
}

function branch(record: TxnRecord, succeeded: boolean): NamedTransition {
  const checks = record.checks.map(({ key, value }) => cell(key, value));
  const sets = (succeeded ? record.onSuccess : record.onFailure).flatMap(setBy);
  return succeeded ? { needs: checks, unless: [], sets } : { needs: [], unless: checks, sets };
}

function setBy(step: TxnStep): readonly NamedCell[] {
  if (step.kind === 'get') return [];
  return [cell(step.key, step.kind === 'put' ? step.value : null)];
}

function write(set: NamedCell): NamedTransition {
  return { needs: [], unless: [], sets: [set] };
}

function cell(key: string, value: Value): NamedCell {
  return { key, value: value === null ? undefined : valueText(value) };
}
