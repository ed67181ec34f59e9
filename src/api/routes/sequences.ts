/** `/v1/sequences/{name}`: numbers from 1, each handed out once. */
import { coordinate, readObject } from '../coordinate.js';
import { NoMembers, type SequenceValue } from '../coordination-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { pathName } from '../names.js';
import { validatorOf } from '../validate.js';

const checkNothing = validatorOf(NoMembers);

export async function postNext(exchange: Exchange): Promise<Answer> {
  const sequence = sequenceName(exchange);
  checkedBody(checkNothing, exchange.request.body ?? {});
  const { answer, headers } = await coordinate(exchange, { kind: 'next', sequence }, 'number');
  return valueAnswer(answer.value, headers);
}

export async function getSequence(exchange: Exchange): Promise<Answer> {
  const { value } = await readObject(exchange, { kind: 'sequence', name: sequenceName(exchange) });
  return valueAnswer(value, []);
}

function sequenceName(exchange: Exchange): string {
  return pathName(exchange, 0, 'The name of the sequence');
}

function valueAnswer(value: number, headers: readonly string[]): Answer {
  const body: SequenceValue = { value };
  return jsonAnswer(body, 200, headers);
}
