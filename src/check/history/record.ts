/**
 * One operation of a history, as its recorder saw it from outside: what was asked, what was answered, and when. The
 * format is `docs/HISTORY.md`; checkers know nothing else of the system they judge.
 */

/** A stored value as JSON has it; `null` = the key shows nothing. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };
export type Level = 'eventual' | 'causal' | 'linearizable';
export type Durability = 'local' | 'majority' | 'all';
/** `fail` = certainly not applied; `info` = perhaps applied, at any moment from `invoke` on. */
export type Status = 'ok' | 'fail' | 'info';

export interface Fencing {
  readonly lock: string;
  readonly token: number;
}

interface Common {
  /** Who did one thing after the other. After an `info` it goes on under another number. */
  readonly process: number;
  /** Whose causal token the request carried and the answer advanced. */
  readonly session?: string;
  readonly replica?: string;
  /** The level that was served. */
  readonly level: Level;
  /** What was reached. */
  readonly durability?: Durability;
  /** Nanoseconds of one monotonic clock that all processes share. */
  readonly invoke: number;
  /** `null` while `status` is `info` and no answer came. */
  readonly complete: number | null;
  readonly status: Status;
  readonly tokenIn?: string;
  readonly tokenOut?: string;
  /** The write group that was made, or whose version was shown: `origin.counter`. */
  readonly dot?: string;
  /** The lock that a write was guarded by, and the token it named. */
  readonly fencing?: Fencing;
  /** Where it stood in its file, from 1. */
  readonly line?: number;
}

interface OnKey extends Common {
  readonly key: string;
}

export interface ReadRecord extends OnKey {
  readonly op: 'read';
  /** What was shown, if `ok`. */
  readonly output?: Value;
  /** All concurrent versions, the shown one included. */
  readonly outputs?: readonly Value[];
}

export interface WriteRecord extends OnKey {
  readonly op: 'write';
  readonly value: Value;
}

/** Applied only if the key showed `expect`; a `null` value deletes. */
export interface CasRecord extends OnKey {
  readonly op: 'cas';
  readonly expect: Value;
  readonly value: Value;
}

/** Applied only if the key showed nothing. */
export interface CreateRecord extends OnKey {
  readonly op: 'create';
  readonly value: Value;
}

export interface DeleteRecord extends OnKey {
  readonly op: 'delete';
}

export interface TxnCheck {
  readonly key: string;
  /** `null` = the key shows nothing. */
  readonly value: Value;
}

export type TxnStep =
  | { readonly kind: 'put'; readonly key: string; readonly value: Value }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string };

export interface TxnOutput {
  readonly succeeded: boolean;
  /** One for each step of the branch that was taken: what a `get` was shown; of other steps it is ignored. */
  readonly results: readonly Value[];
}

/** All of `onSuccess` if every check holds, else all of `onFailure` (in the file `if`, `then`, `else`). A batch has no checks. */
export interface TxnRecord extends Common {
  readonly op: 'txn';
  readonly checks: readonly TxnCheck[];
  readonly onSuccess: readonly TxnStep[];
  readonly onFailure: readonly TxnStep[];
  readonly output?: TxnOutput;
}

/** `key` is the lock, `value` the owner, `output` the fencing token. */
export interface AcquireRecord extends OnKey {
  readonly op: 'acquire';
  readonly value: string;
  readonly output?: number;
}

/** `key` is the lock, `value` the owner, `expect` the fencing token it held: `ok` if that was still the current one. */
export interface LeaseRecord extends OnKey {
  readonly op: 'renew' | 'release';
  readonly value: string;
  readonly expect: number;
}

/** `key` is the sequence, `output` the number that was drawn. */
export interface NextRecord extends OnKey {
  readonly op: 'next';
  readonly output?: number;
}

/** `key` is what was claimed, `value` who wanted it, `output` who has it by the answer, also if that is another. */
export interface ClaimRecord extends OnKey {
  readonly op: 'claim';
  readonly value: string;
  readonly output?: string;
}

/** What a replica shows of a key when all is over. */
export interface FinalRecord extends OnKey {
  readonly op: 'final';
  readonly replica: string;
  readonly output: Value;
  readonly outputs?: readonly Value[];
}

/** Operations on the keys of a register. */
export type RegisterRecord = ReadRecord | WriteRecord | CasRecord | CreateRecord | DeleteRecord | TxnRecord;
export type CoordinationRecord = AcquireRecord | LeaseRecord | NextRecord | ClaimRecord;
export type HistoryRecord = RegisterRecord | CoordinationRecord | FinalRecord;

/** Values are compared by this text: the members of objects in one order. */
export function valueText(value: Value): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(valueText).join(',')}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${valueText(value[name] as Value)}`).join(',')}}`;
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

export function isRegisterRecord(record: HistoryRecord): record is RegisterRecord {
  switch (record.op) {
    case 'read':
    case 'write':
    case 'cas':
    case 'create':
    case 'delete':
    case 'txn':
      return true;
    default:
      return false;
  }
}
