/** `POST /v1/batch`: several writes as one, atomic at every level. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { WriteOp } from '../../replica/request-types.js';
import { checkContentType, defaultContentType } from '../content-type.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody } from '../json.js';
import { checkEncodable, checkKey } from '../keys.js';
import { Query } from '../query.js';
import { batchAnswer } from '../receipts.js';
import { quoted, refuse } from '../refuse.js';
import { queryText } from '../request-target.js';
import { DeleteOp, PutOp } from '../schemas.js';
import { validatorOf } from '../validate.js';
import { writeTerms } from '../write-headers.js';

const PARAMETERS = ['consistency'];
/** What a group costs besides its keys and values: room for its stamps and dependencies, and per op for lengths. */
const GROUP_OVERHEAD_BYTES = 4096;
const OP_OVERHEAD_BYTES = 16;

/** The ops are checked one by one, so that a message can name the one that is wrong. */
const BatchEnvelope = {
  type: 'object',
  additionalProperties: false,
  required: ['ops'],
  properties: {
    ops: { type: 'array', minItems: 1, maxItems: LIMITS.batchMaxOps, items: { type: 'object' } },
  },
} as const;

const checkBatch = validatorOf(BatchEnvelope);
const checkPut = validatorOf(PutOp);
const checkDelete = validatorOf(DeleteOp);

export async function postBatch(exchange: Exchange): Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), PARAMETERS);
  const context = exchange.openContext(query.one('consistency'));
  const terms = writeTerms(exchange.headers);
  const ops = parseOps(exchange.request.body);
  const { durability, idempotencyKey } = terms;
  const request = idempotencyKey === undefined ? { ops, durability } : { ops, durability, idempotencyKey };
  const result = await exchange.service.replica.write(request, context);
  return batchAnswer(exchange, context, terms, ops, result);
}

function parseOps(body: unknown): readonly WriteOp[] {
  const ops = checkedBody(checkBatch, body).ops.map(parseOp);
  const seen = new Set<string>();
  let sizeBytes = GROUP_OVERHEAD_BYTES;
  for (const [at, op] of ops.entries()) {
    if (seen.has(op.key)) return refuse(`ops[${at}] writes ${quoted(op.key)} again; the keys of a batch are distinct.`);
    seen.add(op.key);
    sizeBytes += Buffer.byteLength(op.key) + OP_OVERHEAD_BYTES;
    if (op.kind === 'put') sizeBytes += op.contentType.length + op.bytes.length;
  }
  if (sizeBytes > LIMITS.groupMaxBytes) {
    const detail = `The batch has ${sizeBytes} bytes with its overhead; at most ${LIMITS.groupMaxBytes} are stored at once.`;
    throw new CausewayError('value-too-large', detail);
  }
  return ops;
}

function parseOp(candidate: object, at: number): WriteOp {
  const where = `ops[${at}]`;
  if (!('put' in candidate)) {
    const checked = checkDelete(candidate);
    if (checked.kind === 'invalid') return refuse(`${where} is neither a put nor a delete: ${checked.reason}.`);
    return { kind: 'delete', key: parseKey(checked.value.delete, where) };
  }
  const checked = checkPut(candidate);
  if (checked.kind === 'invalid') return refuse(`${where} is not a put: ${checked.reason}.`);
  const { put, value, encoding = 'utf8', contentType } = checked.value;
  const bytes = encoding === 'utf8' ? utf8Value(value, where) : base64Value(value, where);
  if (bytes.length > LIMITS.valueMaxBytes) {
    const detail = `The value of ${where} has ${bytes.length} bytes; at most ${LIMITS.valueMaxBytes} are stored.`;
    throw new CausewayError('value-too-large', detail);
  }
  return {
    kind: 'put',
    key: parseKey(put, where),
    contentType:
      contentType === undefined
        ? defaultContentType(encoding)
        : checkContentType(contentType, `The contentType of ${where}`),
    bytes,
  };
}

function parseKey(key: string, where: string): string {
  return checkKey(checkEncodable(key, `The key of ${where}`), `The key of ${where}`);
}

function utf8Value(text: string, where: string): Uint8Array {
  return Buffer.from(checkEncodable(text, `The value of ${where}`), 'utf8');
}

/** One text for each value of the bytes: whatever Node's lenient decoder would repair does not come back the same. */
function base64Value(text: string, where: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : refuse(`The value of ${where} is not base64 (RFC 4648, padded).`);
}
