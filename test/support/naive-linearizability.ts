/**
 * A second definition of linearizability, deliberately without any idea of searching: every choice of which open-ended
 * operations happen, every permutation, each replayed on a plain map. For histories of a handful of operations.
 */
import { type RegisterRecord, type TxnRecord, type Value, valueText } from '../../src/check/history/record.js';

interface Deed {
  readonly record: RegisterRecord;
  readonly invoke: number;
  readonly complete: number;
  /** Set for a weaker write that a majority acknowledged, of a key that some transaction touches together with another. */
  readonly boundTo?: string;
  /** Run on the state; false if it cannot have happened here. Branches are tried one after the other. */
  readonly acts: readonly ((state: State) => boolean)[];
}

/** Absent = never written; `null` = deleted. */
type State = Map<string, string | null>;

const NEVER = Number.POSITIVE_INFINITY;

export function naivelyLinearizable(records: readonly RegisterRecord[]): boolean {
  const deeds = records.filter(({ status }) => status !== 'fail').flatMap((record) => deedsOf(record, records));
  const must = deeds.filter(({ complete }) => complete !== NEVER);
  const may = deeds.filter(({ complete }) => complete === NEVER);
  for (let choice = 0; choice < 2 ** may.length; choice += 1) {
    if (extend([...must, ...may.filter((_, i) => (choice >> i) % 2 === 1)], new Map())) return true;
  }
  return false;
}

function extend(left: readonly Deed[], state: State): boolean {
  if (left.length === 0) return true;
  return left.some((deed) => {
    if (left.some((other) => comesBefore(other, deed))) return false;
    const others = left.filter((other) => other !== deed);
    return deed.acts.some((act) => {
      const next = new Map(state);
      return act(next) && extend(others, next);
    });
  });
}

/** A weaker write comes before linearizable operations on its key that began later, whatever becomes of other keys. */
function comesBefore({ complete, boundTo }: Deed, { record, invoke, complete: over }: Deed): boolean {
  if (complete >= invoke) return false;
  if (boundTo === undefined) return true;
  return record.level === 'linearizable' && over !== NEVER && keysOf(record).has(boundTo);
}

/** What is certain or possible to have been looked at or set. */
function keysOf(record: RegisterRecord): ReadonlySet<string> {
  if (record.op !== 'txn') return new Set([record.key]);
  const { checks, onSuccess, onFailure } = record;
  if (record.status === 'ok') return new Set([...checks, ...branchOf(record)].map(({ key }) => key));
  const steps = [...onSuccess, ...(checks.length > 0 ? onFailure : [])].filter(({ kind }) => kind !== 'get');
  return new Set([...checks, ...steps].map(({ key }) => key));
}

function isJoined(key: string, all: readonly RegisterRecord[]): boolean {
  const joins = all.filter(({ level, status }) => level === 'linearizable' && status !== 'fail').map(keysOf);
  return joins.some((keys) => keys.size > 1 && keys.has(key));
}

function deedsOf(record: RegisterRecord, all: readonly RegisterRecord[]): readonly Deed[] {
  const { invoke } = record;
  const complete = record.status === 'ok' ? (record.complete ?? NEVER) : NEVER;
  if (record.level === 'linearizable') return [{ record, invoke, complete, acts: actsOf(record) }];
  const isBound = record.durability === 'majority' || record.durability === 'all';
  return weakSets(record).map(([key, value]) => {
    const set = (state: State): boolean => put(state, key, value);
    if (!isBound || complete === NEVER) return { record, invoke, complete: NEVER, acts: [set] };
    const lose = (state: State): boolean => state.has(key) && !knew(record, key, state.get(key) ?? null, all);
    return { record, invoke, complete, acts: [set, lose], ...(isJoined(key, all) ? { boundTo: key } : {}) };
  });
}

function weakSets(record: RegisterRecord): readonly (readonly [string, Value])[] {
  if (record.op === 'read') return [];
  if (record.op === 'delete') return [[record.key, null]];
  if (record.op !== 'txn') return [[record.key, record.value]];
  return record.onSuccess.flatMap((step) =>
    step.kind === 'get' ? [] : [[step.key, step.kind === 'put' ? step.value : null]],
  );
}

/** The session had read or written `held` itself before, and no other write has that value. */
function knew(record: RegisterRecord, key: string, held: string | null, all: readonly RegisterRecord[]): boolean {
  if (held === null || record.session === undefined || record.level === 'eventual') return false;
  const writes = all
    .filter(({ status }) => status !== 'fail')
    .flatMap((each) => valuesSet(each))
    .filter(([k, v]) => k === key && valueText(v) === held);
  if (writes.length !== 1) return false;
  return all.some(
    (each) =>
      each.session === record.session &&
      each.status === 'ok' &&
      each.level !== 'eventual' &&
      (each.complete ?? NEVER) <= record.invoke &&
      (each.level === 'linearizable' || each.op !== 'read') &&
      [...valuesSet(each), ...valuesShown(each)].some(([k, v]) => k === key && valueText(v) === held),
  );
}

function valuesSet(record: RegisterRecord): readonly (readonly [string, Value])[] {
  if (record.op === 'read') return [];
  if (record.op === 'txn' && record.level === 'linearizable') {
    const taken =
      record.status === 'ok'
        ? [branchOf(record)]
        : [record.onSuccess, ...(record.checks.length > 0 ? [record.onFailure] : [])];
    return taken.flat().flatMap((step) => (step.kind === 'put' ? [[step.key, step.value] as const] : []));
  }
  return weakSets(record);
}

function valuesShown(record: RegisterRecord): readonly (readonly [string, Value])[] {
  if (record.op === 'read') return [[record.key, record.output ?? null]];
  if (record.op === 'cas') return [[record.key, record.expect]];
  if (record.op !== 'txn') return [];
  const checks = record.output?.succeeded === false ? [] : record.checks.map(({ key, value }) => [key, value] as const);
  const gets = branchOf(record).flatMap((step, i) =>
    step.kind === 'get' ? [[step.key, record.output?.results[i] ?? null] as const] : [],
  );
  return [...checks, ...gets];
}

function branchOf(record: TxnRecord): TxnRecord['onSuccess'] {
  return record.output?.succeeded === false ? record.onFailure : record.onSuccess;
}

function actsOf(record: RegisterRecord): Deed['acts'] {
  switch (record.op) {
    case 'read':
      return [(state) => record.status !== 'ok' || look(state, record.key) === textOf(record.output ?? null)];
    case 'write':
      return [(state) => put(state, record.key, record.value)];
    case 'delete':
      return [(state) => put(state, record.key, null)];
    case 'cas':
      return [(state) => look(state, record.key) === textOf(record.expect) && put(state, record.key, record.value)];
    case 'create':
      return [(state) => look(state, record.key) === null && put(state, record.key, record.value)];
    case 'txn':
      return [(state) => transact(state, record)];
  }
}

function transact(state: State, record: TxnRecord): boolean {
  const succeeds = record.checks.every(({ key, value }) => look(state, key) === textOf(value));
  if (record.status === 'ok' && succeeds !== (record.output?.succeeded ?? true)) return false;
  const steps = succeeds ? record.onSuccess : record.onFailure;
  const before = new Map(state);
  return steps.every((step, i) => {
    if (step.kind !== 'get') return put(state, step.key, step.kind === 'put' ? step.value : null);
    return record.status !== 'ok' || look(before, step.key) === textOf(record.output?.results[i] ?? null);
  });
}

function look(state: State, key: string): string | null {
  return state.get(key) ?? null;
}

function put(state: State, key: string, value: Value): true {
  state.set(key, textOf(value));
  return true;
}

function textOf(value: Value): string | null {
  return value === null ? null : valueText(value);
}
