/** A transaction on its way out, and what came of it on the way back. */
import { answerOf, documentOf, violation } from './answers.js';
import { quotedEtag } from './arguments.js';
import type { Reply, RequestBody } from './attempt.js';
import { decodeContent, jsonBody, wireOp, wireValue } from './content.js';
import { arrayAt, asObject, stringAt } from './json.js';
import type { Txn, TxnCondition, TxnOp, TxnReceipt, TxnResult } from './txn-types.js';

export function txnBody({ compare, success, failure = [] }: Txn): RequestBody {
  const members = [
    ['if', compare.map(wireCondition)],
    ['then', success.map(wireOp)],
    ['else', failure.map(wireOp)],
  ];
  return jsonBody(Object.fromEntries(members));
}

export function readTxn(reply: Reply, { success, failure = [] }: Txn): TxnReceipt {
  const document = documentOf(reply);
  const { succeeded } = document;
  if (typeof succeeded !== 'boolean') return violation(reply, 'does not say whether the transaction succeeded');
  const ops = succeeded ? success : failure;
  const results = arrayAt(document, 'results');
  if (results.length !== ops.length) return violation(reply, `has ${results.length} results for ${ops.length} ops`);
  return { ...answerOf(reply), succeeded, results: ops.map((op, at) => resultOf(reply, op, results[at])) };
}

function wireCondition(condition: TxnCondition): object {
  const { key } = condition;
  if ('etag' in condition) return { key, etag: condition.etag === null ? null : quotedEtag(condition.etag) };
  const { value, encoding } = wireValue(condition.value);
  return { key, value, encoding };
}

function resultOf(reply: Reply, op: TxnOp, value: unknown): TxnResult {
  const result = asObject(value) ?? {};
  const etag = stringAt(result, 'etag');
  if (!('get' in op)) return { kind: 'written', key: 'put' in op ? op.put : op.delete, etag };
  const content = decodeContent(result);
  if (content === undefined) return { kind: 'absent', key: op.get };
  return { ...content, kind: 'found', key: op.get, etag: etag ?? violation(reply, 'has a value without an etag') };
}
