/** `POST /v1/batch`: several writes as one, atomic at every level. */
import { LIMITS } from '../../base/limits.js';
import type { WriteOp } from '../../replica/request-types.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody } from '../json.js';
import { checkDistinct, checkGroupBytes, groupBytes, parseWriteOp } from '../ops.js';
import { Query } from '../query.js';
import { batchAnswer } from '../receipts.js';
import { queryText } from '../request-target.js';
import { orderedReplica } from '../served-levels.js';
import { validatorOf } from '../validate.js';
import { unconditionalTerms } from '../write-headers.js';

const PARAMETERS = ['consistency'];

const BatchEnvelope = {
  type: 'object',
  additionalProperties: false,
  required: ['ops'],
  properties: {
    ops: { type: 'array', minItems: 1, maxItems: LIMITS.batchMaxOps, items: { type: 'object' } },
  },
} as const;

const checkBatch = validatorOf(BatchEnvelope);

export async function postBatch(exchange: Exchange): Promise<Answer> {
  const { replica } = exchange.service;
  const query = Query.parse(queryText(exchange.request.originalUrl), PARAMETERS);
  const context = exchange.openContext(query.one('consistency'));
  const terms = unconditionalTerms(exchange, context.level, 'conditions on several are those of /v1/txn');
  const ops = parseOps(exchange.request.body);
  const { durability, guards } = terms;
  const result =
    context.level === 'linearizable'
      ? await orderedReplica(replica).write({ ops, ...guards }, context)
      : await replica.write({ ops, durability, ...guards }, context);
  return batchAnswer(exchange, context.level, terms, ops, result);
}

function parseOps(body: unknown): readonly WriteOp[] {
  const ops = checkedBody(checkBatch, body).ops.map((op, at) => parseWriteOp(op, `ops[${at}]`));
  checkDistinct(ops, 'ops', 'a batch');
  checkGroupBytes(groupBytes(ops), 'The batch');
  return ops;
}
