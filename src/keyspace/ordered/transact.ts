/** What a write or a transaction finds in the ordered view, and what it therefore does. Changes nothing itself. */
import { LIMITS } from '../../base/limits.js';
import { type Refusal, refusal } from '../../base/refusal.js';
import type { Dot } from '../../clocks/dot.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { isLive, type KeyRecord, pastOf } from '../key-record.js';
import type { Command, TxnOp, WriteOp } from './command.js';
import { type Condition, holds, shownEtag } from './condition.js';
import type { OpResult, Outcome } from './outcome.js';

export type Transaction = Extract<Command, { readonly kind: 'write' | 'txn' }>;

export interface Plan {
  readonly outcome: Outcome;
  readonly ops: readonly WriteOp[];
  /** Everything in the past of what was looked at: the session has seen it, and what is written comes after it. */
  readonly observed: VersionVector;
}

/** The plan of the transaction at `dot` over the records that `recordOf` returns. */
export function planTransaction(command: Transaction, dot: Dot, recordOf: (key: string) => KeyRecord): Plan {
  return command.kind === 'write' ? planWrite(command, dot, recordOf) : planTxn(command, dot, recordOf);
}

function planWrite(
  { op, condition }: Extract<Command, { readonly kind: 'write' }>,
  dot: Dot,
  recordOf: (key: string) => KeyRecord,
): Plan {
  const record = recordOf(op.key);
  if (condition === undefined) {
    return { outcome: { kind: 'written', dot, existed: isLive(record) }, ops: [op], observed: VersionVector.EMPTY };
  }
  const observed = shownPast(record);
  if (!holds(condition, record)) return { outcome: unmet(op.key, condition, record), ops: [], observed };
  return { outcome: { kind: 'written', dot, existed: isLive(record) }, ops: [op], observed };
}

function planTxn(
  { checks, onSuccess, onFailure }: Extract<Command, { readonly kind: 'txn' }>,
  dot: Dot,
  recordOf: (key: string) => KeyRecord,
): Plan {
  const succeeded = checks.every(({ key, condition }) => holds(condition, recordOf(key)));
  const ops = succeeded ? onSuccess : onFailure;
  const results = ops.map((op) => resultOf(op, recordOf(op.key)));
  const looked = [...checks, ...ops.filter(({ kind }) => kind === 'get')];
  const observed = looked.reduce((past, { key }) => past.join(shownPast(recordOf(key))), VersionVector.EMPTY);
  const foundBytes = results.reduce((sum, found) => sum + (found.kind === 'found' ? found.version.bytes.length : 0), 0);
  if (foundBytes > LIMITS.groupMaxBytes) {
    const detail = `The transaction reads ${foundBytes} bytes, and may read ${LIMITS.groupMaxBytes}.`;
    return { outcome: refusal('value-too-large', detail), ops: [], observed: VersionVector.EMPTY };
  }
  return { outcome: { kind: 'txn', dot, succeeded, results }, ops: ops.filter(isWrite), observed };
}

function resultOf({ kind, key }: TxnOp, record: KeyRecord): OpResult {
  if (kind !== 'get') return { kind: 'written', key, existed: isLive(record) };
  const winner = record[0];
  return winner?.kind === 'value'
    ? { kind: 'found', key, version: winner, conflicts: record.length - 1 }
    : { kind: 'absent', key };
}

function isWrite(op: TxnOp): op is WriteOp {
  return op.kind !== 'get';
}

function unmet(key: string, condition: Condition, record: KeyRecord): Refusal {
  const etag = shownEtag(record);
  const shows = etag === null ? 'shows no value' : `shows ${etag}`;
  const wants = condition.kind === 'absent' ? 'that it shows none' : 'another';
  return refusal('precondition-failed', `The key ${JSON.stringify(key)} ${shows}; the condition is ${wants}.`, {
    etag,
  });
}

/** What one who was shown the key depends on: the winner, a deletion too. */
function shownPast(record: KeyRecord): VersionVector {
  return pastOf(record.slice(0, 1), VersionVector.EMPTY);
}
