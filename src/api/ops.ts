/** The operations of batches and transactions, checked one by one, so that a message can name the one that is wrong. */
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { TxnRequest } from '../replica/ordered-handle.js';
import type { WriteOp } from '../replica/request-types.js';
import { checkContentType, defaultContentType } from './content-type.js';
import { checkEncodable, checkKey } from './keys.js';
import { quoted, refuse } from './refuse.js';
import { DeleteOp, GetOp, PutOp } from './schemas.js';
import { validatorOf } from './validate.js';

export type TxnOp = TxnRequest['onSuccess'][number];

/** What a group costs besides its keys and values: room for its stamps and dependencies, and per op for lengths. */
const GROUP_OVERHEAD_BYTES = 4096;
const OP_OVERHEAD_BYTES = 64;
/** UTF-8 takes at most this for each unit of a string. */
const BYTES_PER_UNIT = 3;

const checkPut = validatorOf(PutOp);
const checkDelete = validatorOf(DeleteOp);
const checkGet = validatorOf(GetOp);

/** `where` names the place of the op in the request. @throws CausewayError `invalid-request`, `value-too-large` */
export function parseWriteOp(candidate: object, where: string): WriteOp {
  if ('put' in candidate) return parsePut(candidate, where);
  const checked = checkDelete(candidate);
  if (checked.kind === 'invalid') return refuse(`${where} is neither a put nor a delete: ${checked.reason}.`);
  return { kind: 'delete', key: parseOpKey(checked.value.delete, where) };
}

/** @throws CausewayError `invalid-request`, `value-too-large` */
export function parseTxnOp(candidate: object, where: string): TxnOp {
  if ('put' in candidate || 'delete' in candidate) return parseWriteOp(candidate, where);
  const checked = checkGet(candidate);
  if (checked.kind === 'invalid') return refuse(`${where} is neither a put, a delete nor a get: ${checked.reason}.`);
  return { kind: 'get', key: parseOpKey(checked.value.get, where) };
}

/** @throws CausewayError `invalid-request` unless every op has a key of its own */
export function checkDistinct(ops: readonly TxnOp[], where: string, what: string): void {
  const seen = new Set<string>();
  for (const [at, { key }] of ops.entries()) {
    if (seen.has(key)) refuse(`${where}[${at}] names ${quoted(key)} again; the keys of ${what} are distinct.`);
    seen.add(key);
  }
}

/** At least what the ops take in storage, and in an entry of the log. */
export function groupBytes(ops: readonly TxnOp[]): number {
  return ops.reduce((sum, op) => sum + opBytes(op), GROUP_OVERHEAD_BYTES);
}

/** @throws CausewayError `value-too-large` */
export function checkGroupBytes(sizeBytes: number, what: string): void {
  if (sizeBytes <= LIMITS.groupMaxBytes) return;
  const detail = `${what} has ${sizeBytes} bytes with its overhead; at most ${LIMITS.groupMaxBytes} are taken at once.`;
  throw new CausewayError('value-too-large', detail);
}

/** The bytes that `text` stands for. @throws CausewayError `invalid-request`, `value-too-large` */
export function valueBytes(text: string, encoding: 'utf8' | 'base64', where: string): Uint8Array {
  const bytes = encoding === 'utf8' ? utf8Value(text, where) : base64Value(text, where);
  if (bytes.length <= LIMITS.valueMaxBytes) return bytes;
  const detail = `The value of ${where} has ${bytes.length} bytes; at most ${LIMITS.valueMaxBytes} are stored.`;
  throw new CausewayError('value-too-large', detail);
}

/** @throws CausewayError `invalid-request` */
export function parseOpKey(key: string, where: string): string {
  return checkKey(checkEncodable(key, `The key of ${where}`), `The key of ${where}`);
}

function parsePut(candidate: object, where: string): WriteOp {
  const checked = checkPut(candidate);
  if (checked.kind === 'invalid') return refuse(`${where} is not a put: ${checked.reason}.`);
  const { put, value, encoding = 'utf8', contentType } = checked.value;
  const bytes = valueBytes(value, encoding, where);
  return {
    kind: 'put',
    key: parseOpKey(put, where),
    contentType:
      contentType === undefined
        ? defaultContentType(encoding)
        : checkContentType(contentType, `The contentType of ${where}`),
    bytes,
  };
}

function opBytes(op: TxnOp): number {
  const stem = OP_OVERHEAD_BYTES + op.key.length * BYTES_PER_UNIT;
  return op.kind === 'put' ? stem + op.contentType.length * BYTES_PER_UNIT + op.bytes.length : stem;
}

function utf8Value(text: string, where: string): Uint8Array {
  return Buffer.from(checkEncodable(text, `The value of ${where}`), 'utf8');
}

/** One text for each value of the bytes: whatever Node's lenient decoder would repair does not come back the same. */
function base64Value(text: string, where: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : refuse(`The value of ${where} is not base64 (RFC 4648, padded).`);
}
