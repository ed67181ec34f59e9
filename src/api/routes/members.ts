/** `/v1/members`: who takes part in the total order, and how that changes. */
import { CausewayError } from '../../base/errors.js';
import { parseReplicaId, type ReplicaId } from '../../base/ids.js';
import type { MembershipChange, MembershipView } from '../../replica/ordered-handle.js';
import { linearizableOnly } from '../coordinate.js';
import { MemberRequest, type MembershipReport, NoMembers } from '../coordination-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { pathName } from '../names.js';
import { Query } from '../query.js';
import { quoted, refuse } from '../refuse.js';
import { queryText } from '../request-target.js';
import type { Route } from '../serve.js';
import { orderedReplica } from '../served-levels.js';
import { validatorOf } from '../validate.js';

const checkMember = validatorOf(MemberRequest);
const checkNothing = validatorOf(NoMembers);

/** As this replica knows them; it asks nobody. */
export function getMembers(exchange: Exchange): Answer {
  Query.parse(queryText(exchange.request.originalUrl), []);
  return membershipAnswer(orderedReplica(exchange.service.replica).membership());
}

export async function postMember(exchange: Exchange): Promise<Answer> {
  const { id } = checkedBody(checkMember, exchange.request.body);
  return change(exchange, { kind: 'add', id: memberId(id) });
}

/** A route that changes the member of its path. */
export function changeMember(kind: Exclude<MembershipChange['kind'], 'add'>): Route {
  return (exchange) => {
    checkedBody(checkNothing, exchange.request.body ?? {});
    return change(exchange, { kind, id: memberId(pathName(exchange, 0, 'The id of the member')) });
  };
}

async function change(exchange: Exchange, wanted: MembershipChange): Promise<Answer> {
  const context = linearizableOnly(exchange, 'level-too-weak', 'Membership changes by an entry of the log.');
  return membershipAnswer(await orderedReplica(exchange.service.replica).changeMembership(wanted, context));
}

/** Whether there is such a member is for the replica to say. */
function memberId(text: string): ReplicaId {
  try {
    return parseReplicaId(text);
  } catch (error) {
    if (error instanceof CausewayError) return refuse(`${quoted(text)} is not the id of a replica.`);
    throw error;
  }
}

function membershipAnswer({ leader, term, members, changing }: MembershipView): Answer {
  const report: MembershipReport = {
    leader,
    term,
    members: members.map(({ id, incarnation, role }) => ({ id, incarnation, role })),
    changing,
  };
  return jsonAnswer(report);
}
