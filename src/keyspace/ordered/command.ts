/** What an entry of the log asks for: a write, a transaction, a coordination command, or housekeeping. */
import { type ByteReader, type ByteWriter, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { internContentType } from '../version.js';
import { type Condition, decodeCondition, encodeCondition } from './condition.js';

export type WriteOp =
  | { readonly kind: 'put'; readonly key: string; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };
export type TxnOp = WriteOp | { readonly kind: 'get'; readonly key: string };

/** One condition of a transaction, on one key. */
export interface Check {
  readonly key: string;
  readonly condition: Condition;
}

export type Command =
  /** Nothing but its adoptions: what a read proposes that found something to adopt. */
  | { readonly kind: 'adopt' }
  /** One key; refused with `precondition-failed` if the condition does not hold. */
  | { readonly kind: 'write'; readonly op: WriteOp; readonly condition: Condition | undefined }
  /** All of `onSuccess` if every check holds, else all of `onFailure`. A batch is one without checks. Keys of a branch differ. */
  | {
      readonly kind: 'txn';
      readonly checks: readonly Check[];
      readonly onSuccess: readonly TxnOp[];
      readonly onFailure: readonly TxnOp[];
    }
  /** A command of the coordination objects, in their own encoding. */
  | { readonly kind: 'coordinate'; readonly command: Uint8Array }
  /**
   * Everything in `stable` is delivered everywhere, and whatever any member writes from now on has seen it. The ordered
   * view drops the records of `keys` that are nothing but tombstones in it.
   */
  | { readonly kind: 'forget'; readonly stable: VersionVector; readonly keys: readonly string[] };

const KIND_ADOPT = 1;
const KIND_WRITE = 2;
const KIND_TXN = 3;
const KIND_COORDINATE = 4;
const KIND_FORGET = 5;
const OP_PUT = 1;
const OP_DELETE = 2;
const OP_GET = 3;

export function encodeCommand(writer: ByteWriter, command: Command): void {
  switch (command.kind) {
    case 'adopt':
      writer.u8(KIND_ADOPT);
      return;
    case 'write':
      writer.u8(KIND_WRITE).flag(command.condition !== undefined);
      if (command.condition !== undefined) encodeCondition(writer, command.condition);
      encodeOp(writer, command.op);
      return;
    case 'txn':
      writer.u8(KIND_TXN).varuint(command.checks.length);
      for (const { key, condition } of command.checks) encodeCondition(writer.string(key), condition);
      encodeOps(writer, command.onSuccess);
      encodeOps(writer, command.onFailure);
      return;
    case 'coordinate':
      writer.u8(KIND_COORDINATE).bytes(command.command);
      return;
    case 'forget':
      command.stable.encode(writer.u8(KIND_FORGET));
      writer.varuint(command.keys.length);
      for (const key of command.keys) writer.string(key);
      return;
  }
}

/** @throws DecodeError on anything `encodeCommand` would not write, and on what no request may ask for. */
export function decodeCommand(reader: ByteReader): Command {
  const kind = reader.u8();
  switch (kind) {
    case KIND_ADOPT:
      return { kind: 'adopt' };
    case KIND_WRITE: {
      const condition = reader.flag() ? decodeCondition(reader) : undefined;
      const op = decodeOp(reader);
      if (op.kind === 'get') throw new DecodeError('a write that is a get');
      return { kind: 'write', op, condition };
    }
    case KIND_TXN:
      return decodeTxn(reader);
    case KIND_COORDINATE:
      return { kind: 'coordinate', command: reader.bytes(LIMITS.entryMaxBytes) };
    case KIND_FORGET:
      return { kind: 'forget', stable: VersionVector.decode(reader), keys: decodeForgetKeys(reader) };
    default:
      throw new DecodeError(`unknown command kind ${kind}`);
  }
}

/** The keys of the ordered view that the outcome may depend on; the proposer adopts what it knows of them. */
export function keysOf(command: Command): readonly string[] {
  if (command.kind === 'write') return [command.op.key];
  if (command.kind !== 'txn') return [];
  return [...new Set([...command.checks, ...command.onSuccess, ...command.onFailure].map(({ key }) => key))];
}

function decodeTxn(reader: ByteReader): Command {
  const count = reader.count();
  if (count > LIMITS.batchMaxOps) throw new DecodeError(`transaction of ${count} checks`);
  const checks = Array.from({ length: count }, () => ({ key: decodeKey(reader), condition: decodeCondition(reader) }));
  const onSuccess = decodeOps(reader);
  const onFailure = decodeOps(reader);
  if (onSuccess.length + onFailure.length === 0) throw new DecodeError('transaction of 0 operations');
  return { kind: 'txn', checks, onSuccess, onFailure };
}

function decodeForgetKeys(reader: ByteReader): readonly string[] {
  const count = reader.count();
  if (count > LIMITS.forgetMaxKeys) throw new DecodeError(`${count} keys to forget`);
  return Array.from({ length: count }, () => decodeKey(reader));
}

function encodeOps(writer: ByteWriter, ops: readonly TxnOp[]): void {
  writer.varuint(ops.length);
  for (const op of ops) encodeOp(writer, op);
}

function decodeOps(reader: ByteReader): readonly TxnOp[] {
  const count = reader.count();
  if (count > LIMITS.batchMaxOps) throw new DecodeError(`transaction of ${count} operations`);
  const ops = Array.from({ length: count }, () => decodeOp(reader));
  if (new Set(ops.map(({ key }) => key)).size !== count) throw new DecodeError('transaction that names a key twice');
  const bytes = ops.reduce((sum, op) => sum + mostBytesOf(op), 0);
  if (bytes > LIMITS.groupMaxBytes) throw new DecodeError(`transaction of ${bytes} bytes`);
  return ops;
}

/** At least what the operation takes in the body of a write group. */
function mostBytesOf(op: TxnOp): number {
  const stem = 32 + op.key.length * 3;
  return op.kind === 'put' ? stem + op.contentType.length * 3 + op.bytes.length : stem;
}

function encodeOp(writer: ByteWriter, op: TxnOp): void {
  writer.u8(op.kind === 'put' ? OP_PUT : op.kind === 'delete' ? OP_DELETE : OP_GET).string(op.key);
  if (op.kind === 'put') writer.string(op.contentType).bytes(op.bytes);
}

function decodeOp(reader: ByteReader): TxnOp {
  const kind = reader.u8();
  const key = decodeKey(reader);
  if (kind === OP_DELETE) return { kind: 'delete', key };
  if (kind === OP_GET) return { kind: 'get', key };
  if (kind !== OP_PUT) throw new DecodeError(`unknown operation kind ${kind}`);
  const contentType = reader.span(LIMITS.contentTypeMaxBytes, internContentType);
  const bytes = reader.bytes(LIMITS.valueMaxBytes);
  return { kind: 'put', key, contentType, bytes };
}

function decodeKey(reader: ByteReader): string {
  const key = reader.string(LIMITS.keyMaxBytes);
  if (key === '') throw new DecodeError('empty key');
  return key;
}
