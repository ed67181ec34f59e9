/** `/v1/constraints/{name}`: declared unique fields of the JSON values under a prefix. */
import { CausewayError } from '../../base/errors.js';
import { coordinate, readObject } from '../coordinate.js';
import { type ConstraintReport, ConstraintRequest, type Existed } from '../coordination-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { checkEncodable, checkKey } from '../keys.js';
import { pathName } from '../names.js';
import { quoted } from '../refuse.js';
import { validatorOf } from '../validate.js';

const checkConstraint = validatorOf(ConstraintRequest);

/** What is no JSON pointer is refused by whoever knows those. */
export async function putConstraint(exchange: Exchange): Promise<Answer> {
  const name = constraintName(exchange);
  const { prefix, field } = checkedBody(checkConstraint, exchange.request.body);
  const report: ConstraintReport = {
    name,
    prefix: prefix === '' ? prefix : checkKey(checkEncodable(prefix, 'The prefix'), 'The prefix'),
    field: checkEncodable(field, 'The field'),
  };
  const { answer, headers } = await coordinate(exchange, { kind: 'declare', ...report }, 'declared');
  return jsonAnswer(report, answer.created ? 201 : 200, headers);
}

export async function deleteConstraint(exchange: Exchange): Promise<Answer> {
  const command = { kind: 'drop', name: constraintName(exchange) } as const;
  const { answer, headers } = await coordinate(exchange, command, 'dropped');
  const body: Existed = { existed: answer.existed };
  return jsonAnswer(body, 200, headers);
}

export async function getConstraint(exchange: Exchange): Promise<Answer> {
  const name = constraintName(exchange);
  const { constraint } = await readObject(exchange, { kind: 'constraint', name });
  if (constraint === undefined) throw new CausewayError('not-found', `There is no constraint ${quoted(name)}.`);
  const report: ConstraintReport = { name, prefix: constraint.prefix, field: constraint.field };
  return jsonAnswer(report);
}

function constraintName(exchange: Exchange): string {
  return pathName(exchange, 0, 'The name of the constraint');
}
