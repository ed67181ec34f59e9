/** `/v1/faults`: faults a user injects into this replica's traffic and clock, each with a time to live. */
import { CausewayError } from '../../base/errors.js';
import type { ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Replica } from '../../replica/handle.js';
import { ClockRequest, type Healed, LinkRequest, PartitionRequest } from '../cluster-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { Query } from '../query.js';
import { quoted, refuse } from '../refuse.js';
import { queryText } from '../request-target.js';
import { validatorOf } from '../validate.js';

type FaultControl = NonNullable<Replica['faults']>;
type Fault = Parameters<FaultControl['put']>[0];

const PARTITION_NAME = /^[A-Za-z0-9._~-]{1,64}$/;

const checkPartition = validatorOf(PartitionRequest);
const checkLink = validatorOf(LinkRequest);
const checkClock = validatorOf(ClockRequest);

export function getFaults(exchange: Exchange): Answer {
  return jsonAnswer({ faults: faultsOf(exchange).list() });
}

export function deleteFaults(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  const healed = faults.list().length;
  faults.clear();
  return healedAnswer(healed);
}

export function putPartition(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  const name = partitionName(exchange);
  const { groups, ttlMs } = checkedBody(checkPartition, exchange.request.body);
  const seen = new Set<string>();
  const members = groups.map((group) =>
    group.map((id) => {
      if (seen.has(id)) return refuse(`${quoted(id)} is in the groups more than once.`);
      seen.add(id);
      return memberOf(exchange, id);
    }),
  );
  return install(faults, { kind: 'partition', name, groups: members, ttlMs: ttlMs ?? LIMITS.faultDefaultTtlMs });
}

export function deletePartition(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  return healedAnswer(faults.removePartition(partitionName(exchange)) ? 1 : 0);
}

export function putLink(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  const { from, to } = linkOf(exchange);
  const body = checkedBody(checkLink, exchange.request.body);
  const { drop = 0, delayMs = 0, jitterMs = 0, duplicate = 0, ttlMs = LIMITS.faultDefaultTtlMs } = body;
  return install(faults, { kind: 'link', from, to, drop, delayMs, jitterMs, duplicate, ttlMs });
}

export function deleteLink(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  const { from, to } = linkOf(exchange);
  return healedAnswer(faults.removeLink(from, to) ? 1 : 0);
}

export function putClock(exchange: Exchange): Answer {
  const faults = faultsOf(exchange);
  const { skewMs, ttlMs = LIMITS.faultDefaultTtlMs } = checkedBody(checkClock, exchange.request.body);
  return install(faults, { kind: 'clock', skewMs, ttlMs });
}

export function deleteClock(exchange: Exchange): Answer {
  return healedAnswer(faultsOf(exchange).removeClock() ? 1 : 0);
}

/** @throws CausewayError `faults-disabled` */
function faultsOf(exchange: Exchange): FaultControl {
  const { faults } = exchange.service.replica;
  if (faults === undefined) {
    throw new CausewayError('faults-disabled', 'This replica was started without --enable-faults.');
  }
  Query.parse(queryText(exchange.request.originalUrl), []);
  return faults;
}

function install(faults: FaultControl, fault: Fault): Answer {
  faults.put(fault);
  return jsonAnswer({ ...fault, remainingMs: fault.ttlMs });
}

function healedAnswer(healed: number): Answer {
  const body: Healed = { healed };
  return jsonAnswer(body);
}

function partitionName(exchange: Exchange): string {
  const name = parameter(exchange, 'name');
  return PARTITION_NAME.test(name) ? name : refuse('A partition has a name of 1-64 letters, digits or ._~-');
}

function linkOf(exchange: Exchange): { from: ReplicaId; to: ReplicaId } {
  const from = memberOf(exchange, parameter(exchange, 'from'));
  const to = memberOf(exchange, parameter(exchange, 'to'));
  return from === to ? refuse('A link leads from one replica to another.') : { from, to };
}

function memberOf(exchange: Exchange, id: string): ReplicaId {
  const members = exchange.service.replica.members().map((member) => member.id);
  const member = members.find((candidate) => candidate === id);
  return member ?? refuse(`${quoted(id)} is no member of this cluster; those are ${members.join(', ')}.`);
}

function parameter(exchange: Exchange, name: string): string {
  const parameters = exchange.request.params as Readonly<Record<string, string>>;
  return parameters[name] ?? '';
}
