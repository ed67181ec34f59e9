/** `/v1/claims/{namespace}/{value}`: a value belongs to the first owner who claims it. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { coordinate, readObject } from '../coordinate.js';
import { type ClaimReport, ClaimRequest, type Existed } from '../coordination-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { checkName, pathName } from '../names.js';
import { quoted } from '../refuse.js';
import { validatorOf } from '../validate.js';

const checkClaim = validatorOf(ClaimRequest);

export async function putClaim(exchange: Exchange): Promise<Answer> {
  const report: ClaimReport = { ...claimName(exchange), owner: claimOwner(exchange) };
  const { answer, headers } = await coordinate(exchange, { kind: 'claim', ...report }, 'claimed');
  return jsonAnswer(report, answer.created ? 201 : 200, headers);
}

export async function deleteClaim(exchange: Exchange): Promise<Answer> {
  const command = { kind: 'unclaim', ...claimName(exchange), owner: claimOwner(exchange) } as const;
  const { answer, headers } = await coordinate(exchange, command, 'unclaimed');
  const body: Existed = { existed: answer.existed };
  return jsonAnswer(body, 200, headers);
}

export async function getClaim(exchange: Exchange): Promise<Answer> {
  const name = claimName(exchange);
  const { claim } = await readObject(exchange, { kind: 'claim', ...name });
  if (claim === undefined) {
    throw new CausewayError('not-found', `Nobody has claimed ${quoted(name.value)} in ${quoted(name.namespace)}.`);
  }
  const report: ClaimReport = { ...name, owner: claim.owner };
  return jsonAnswer(report);
}

function claimName(exchange: Exchange): { readonly namespace: string; readonly value: string } {
  const namespace = pathName(exchange, 0, 'The namespace');
  return { namespace, value: pathName(exchange, 1, 'The claimed value', LIMITS.claimValueMaxBytes) };
}

function claimOwner(exchange: Exchange): string {
  return checkName(checkedBody(checkClaim, exchange.request.body).owner, 'The owner');
}
