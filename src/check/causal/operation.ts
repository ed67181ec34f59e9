/**
 * What the causal checker knows of an operation: what it was shown and what it wrote, key by key. Transactions, batches,
 * conditional writes and plain ones all have this one form.
 */
import { type HistoryRecord, type RegisterRecord, type TxnStep, type Value, valueText } from '../history/record.js';

/** A key and the text of its value; `undefined` = the key shows nothing. */
export interface Shown {
  readonly key: string;
  readonly value: string | undefined;
}

export interface CausalOperation {
  readonly record: HistoryRecord;
  readonly reads: readonly Shown[];
  /** Concurrent versions that were listed beside the one that was shown. */
  readonly siblings: readonly Shown[];
  readonly writes: readonly Shown[];
  /** It is known which of `writes` happened, if the operation happened at all. */
  readonly isDefinite: boolean;
  /** What it was shown has to respect causality: it was served at `causal` or above. */
  readonly isJudged: boolean;
}

/** Without those that failed, and those that neither were shown nor may have written anything. */
export function causalOperations(records: readonly HistoryRecord[]): readonly CausalOperation[] {
  return records.flatMap((record) => {
    const operation = operationOf(record);
    return operation === undefined || operation.reads.length + operation.writes.length === 0 ? [] : [operation];
  });
}

function operationOf(record: HistoryRecord): CausalOperation | undefined {
  if (record.status === 'fail') return undefined;
  const isOk = record.status === 'ok';
  const base = { record, siblings: [], isDefinite: true, isJudged: isOk && record.level !== 'eventual' };
  switch (record.op) {
    case 'read':
      return isOk ? { ...base, ...shownBy(record), writes: [] } : undefined;
    case 'final':
      return { ...base, ...shownBy(record), writes: [], isJudged: true };
    case 'write':
      return { ...base, reads: [], writes: [shown(record.key, record.value)] };
    case 'delete':
      return { ...base, reads: [], writes: [shown(record.key, null)] };
    case 'cas':
      return ordered(base, [shown(record.key, record.expect)], [shown(record.key, record.value)]);
    case 'create':
      return ordered(base, [shown(record.key, null)], [shown(record.key, record.value)]);
    case 'txn':
      return { ...base, ...transaction(record) };
    default:
      return undefined;
  }
}

function ordered(base: Omit<CausalOperation, 'reads' | 'writes'>, reads: readonly Shown[], writes: readonly Shown[]) {
  return { ...base, reads: base.record.status === 'ok' ? reads : [], writes };
}

function shownBy(record: { readonly key: string; readonly output?: Value; readonly outputs?: readonly Value[] }) {
  const [winner, ...others] = [record.output ?? null, ...(record.outputs ?? [])].map((value) =>
    shown(record.key, value),
  );
  const siblings = others.filter(({ value }) => value !== winner?.value && value !== undefined);
  return { reads: winner === undefined ? [] : [winner], siblings };
}

function transaction(record: Extract<RegisterRecord, { readonly op: 'txn' }>) {
  const { status, output, checks, onSuccess, onFailure } = record;
  if (status === 'info') {
    const taken = checks.length === 0 ? [onSuccess] : [onSuccess, onFailure];
    const possible = taken.map((steps) => steps.flatMap(writtenBy)).filter(({ length }) => length > 0);
    return { reads: [], writes: possible.flat(), isDefinite: possible.length < 2 };
  }
  const succeeded = output?.succeeded ?? true;
  const steps = succeeded ? onSuccess : onFailure;
  const met = succeeded ? checks.map(({ key, value }) => shown(key, value)) : [];
  const gets = steps.flatMap((step, i) => (step.kind === 'get' ? [shown(step.key, output?.results[i] ?? null)] : []));
  return { reads: [...met, ...gets], writes: lastOfEachKey(steps.flatMap(writtenBy)) };
}

/** The last of several steps on one key is what others can see. */
function lastOfEachKey(writes: readonly Shown[]): readonly Shown[] {
  return [...new Map(writes.map((write) => [write.key, write])).values()];
}

function writtenBy(step: TxnStep): readonly Shown[] {
  if (step.kind === 'get') return [];
  return [shown(step.key, step.kind === 'put' ? step.value : null)];
}

function shown(key: string, value: Value): Shown {
  return { key, value: value === null ? undefined : valueText(value) };
}
