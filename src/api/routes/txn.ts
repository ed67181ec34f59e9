/** `POST /v1/txn`: conditions on several keys, and what to do if they hold or if they do not, as one step. */
import { LIMITS } from '../../base/limits.js';
import { formatHlc } from '../../clocks/hybrid-logical-clock.js';
import type { TxnRequest, TxnResult } from '../../replica/ordered-handle.js';
import { linearizableOnly } from '../coordinate.js';
import { type Condition, parseMatch } from '../entity-tags.js';
import { contentOf, etagOf } from '../entries.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { checkDistinct, checkGroupBytes, groupBytes, parseOpKey, parseTxnOp, type TxnOp, valueBytes } from '../ops.js';
import { refuse } from '../refuse.js';
import { orderedReplica } from '../served-levels.js';
import { alike } from '../shape.js';
import { BRANCHES, TagCheck, type TxnAnswer, type TxnOpResult, ValueCheck } from '../txn-schemas.js';
import { validatorOf } from '../validate.js';
import { unconditionalTerms } from '../write-headers.js';

type Check = TxnRequest['checks'][number];

const candidates = { type: 'array', maxItems: LIMITS.batchMaxOps, items: { type: 'object' } } as const;
/** Conditions and operations are checked one by one, so that a message can name the one that is wrong. */
const TxnEnvelope = {
  type: 'object',
  additionalProperties: false,
  properties: alike(['if', ...BRANCHES], candidates),
} as const;

const checkEnvelope = validatorOf(TxnEnvelope);
const checkTag = validatorOf(TagCheck);
const checkValue = validatorOf(ValueCheck);

export async function postTxn(exchange: Exchange): Promise<Answer> {
  const detail = 'A transaction decides on conditions, which only the linearizable level can do.';
  const context = linearizableOnly(exchange, 'precondition-needs-linearizable', detail);
  const { guards } = unconditionalTerms(exchange, context.level, 'the conditions of a transaction are in its body');
  const txn = parseTxn(exchange.request.body);
  const result = await orderedReplica(exchange.service.replica).txn({ ...txn, ...guards }, context);
  exchange.dependsOn(result.token, result.timing);
  const answer: TxnAnswer = {
    succeeded: result.succeeded,
    results: result.results.map((found) => opResult(found, result.etag)),
    token: exchange.token,
  };
  return jsonAnswer(answer, 200, result.replayed ? ['Idempotent-Replayed', 'true'] : []);
}

function parseTxn(body: unknown): TxnRequest {
  const { if: checks = [], then: onSuccess = [], else: onFailure = [] } = checkedBody(checkEnvelope, body);
  const txn = {
    checks: checks.map((check, at) => parseCheck(check, `if[${at}]`)),
    onSuccess: parseBranch(onSuccess, 'then'),
    onFailure: parseBranch(onFailure, 'else'),
  };
  if (txn.onSuccess.length + txn.onFailure.length === 0) return refuse('The transaction has no operation.');
  const ofChecks = txn.checks.reduce((sum, check) => sum + checkBytes(check), 0);
  checkGroupBytes(ofChecks + groupBytes([...txn.onSuccess, ...txn.onFailure]), 'The transaction');
  return txn;
}

function parseBranch(candidatesOfBranch: readonly object[], name: (typeof BRANCHES)[number]): readonly TxnOp[] {
  const ops = candidatesOfBranch.map((op, at) => parseTxnOp(op, `${name}[${at}]`));
  checkDistinct(ops, name, 'a branch');
  return ops;
}

function parseCheck(candidate: object, where: string): Check {
  if ('etag' in candidate) {
    const checked = checkTag(candidate);
    if (checked.kind === 'invalid') return refuse(`${where} is not a condition: ${checked.reason}.`);
    const { key, etag } = checked.value;
    const condition: Condition = etag === null ? { kind: 'absent' } : parseMatch(etag, `The etag of ${where}`);
    return { key: parseOpKey(key, where), condition };
  }
  const checked = checkValue(candidate);
  if (checked.kind === 'invalid') return refuse(`${where} is not a condition: ${checked.reason}.`);
  const { key, value, encoding = 'utf8' } = checked.value;
  const condition: Condition =
    value === null ? { kind: 'absent' } : { kind: 'value', bytes: valueBytes(value, encoding, where) };
  return { key: parseOpKey(key, where), condition };
}

/** As many bytes as an operation on the key, besides those it compares. */
function checkBytes({ key, condition }: Check): number {
  const compared = condition.kind === 'value' ? condition.bytes.length : 0;
  return compared + CHECK_OVERHEAD_BYTES + key.length * 3;
}

/** Room for a full list of entity tags. */
const CHECK_OVERHEAD_BYTES = 64 * LIMITS.conditionMaxEtags;

function opResult(found: TxnResult['results'][number], etag: string): TxnOpResult {
  const { key } = found;
  switch (found.kind) {
    case 'written':
      return { key, etag };
    case 'absent':
      return { key, etag: null, value: null };
    case 'found': {
      const { version, conflicts } = found;
      return { key, etag: etagOf(version), ...contentOf(version), timestamp: formatHlc(version.hlc), conflicts };
    }
  }
}
