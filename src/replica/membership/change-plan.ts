/** What a command to change the membership asks of the order: pure decisions, made by the leader. */
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Configuration, Membership } from '../../consensus/configuration.js';
import type { MembershipChange } from '../ordered-handle.js';
import type { ChangeRefusal } from '../wire/gossip-codec.js';

/** A replica that said hello lately. */
export interface Candidate {
  readonly origin: Origin;
  /** The total order it belongs to; undefined if to none. */
  readonly order: Origin | undefined;
}

export interface PlanFacts {
  readonly configuration: Configuration;
  /** The order that this is about. */
  readonly order: Origin | undefined;
  /** Undefined if it was not heard lately, or only an incarnation that was removed. */
  readonly candidate: (id: ReplicaId) => Candidate | undefined;
  /** The leader hears this member. */
  readonly isActive: (member: Origin) => boolean;
}

export type Plan =
  | { readonly kind: 'change'; readonly membership: Membership }
  | { readonly kind: 'transfer'; readonly to: Origin }
  | ChangeRefusal;

export function planChange({ kind, id }: MembershipChange, facts: PlanFacts): Plan {
  const { configuration } = facts;
  if (configuration.outgoing.length > 0) return conflict('another change of the membership is under way');
  const { voters, learners } = configuration;
  const voter = incarnationOf(id, voters);
  const learner = incarnationOf(id, learners);
  switch (kind) {
    case 'add':
      return voter === undefined && learner === undefined ? planAdd(id, facts) : conflict(`${id} is a member already`);
    case 'promote':
      if (voter !== undefined) return conflict(`${id} is a voter already`);
      if (learner === undefined) return unknown(id);
      return { kind: 'change', membership: { voters: [...voters, learner], learners: without(learners, learner) } };
    case 'remove':
      return planRemove(id, configuration);
    case 'transfer':
      if (learner !== undefined) return invalid(`${id} is an observer, and only a voter can lead`);
      return voter === undefined ? unknown(id) : { kind: 'transfer', to: voter };
  }
}

function planAdd(id: ReplicaId, { configuration: { voters, learners }, order, candidate }: PlanFacts): Plan {
  const heard = candidate(id);
  if (heard === undefined) return conflict(`${id} was not heard lately: start it first, with this cluster's name`);
  if (heard.order !== undefined && heard.order !== order) {
    return conflict(
      `${id} belongs to another order, which ${heard.order} founded: start it with an empty data directory`,
    );
  }
  if (voters.length + learners.length >= LIMITS.membersMax) {
    return conflict(`the cluster has ${LIMITS.membersMax} members, and not more are possible`);
  }
  return { kind: 'change', membership: { voters, learners: [...learners, heard.origin] } };
}

/** All incarnations of the replica go. */
function planRemove(id: ReplicaId, { voters, learners }: Configuration): Plan {
  const isOther = (origin: Origin) => replicaOf(origin) !== id;
  const membership = { voters: voters.filter(isOther), learners: learners.filter(isOther) };
  if (membership.voters.length + membership.learners.length === voters.length + learners.length) return unknown(id);
  if (membership.voters.length === 0) return invalid(`${id} is the last voter`);
  return { kind: 'change', membership };
}

/** A member that came back under a new incarnation, because it had lost its data. */
export interface Replacement {
  readonly old: Origin;
  readonly next: Origin;
  /** `add`: let it catch up beside the old one. `replace`: put it in the old one's place. */
  readonly step: 'add' | 'replace';
  readonly membership: Membership;
}

/** The next step of the first replacement that is due, members in order. Who still speaks is not replaced. */
export function planReplacement(facts: PlanFacts): Replacement | undefined {
  const { voters, outgoing, learners } = facts.configuration;
  if (outgoing.length > 0) return undefined;
  for (const old of [...voters, ...learners]) {
    const id = replicaOf(old);
    const heard = id === undefined ? undefined : facts.candidate(id);
    if (heard === undefined || heard.origin === old || facts.isActive(old)) continue;
    const next = heard.origin;
    if (voters.includes(next) || (heard.order !== undefined && heard.order !== facts.order)) continue;
    const rest = without(learners, next);
    if (voters.includes(old) && !learners.includes(next)) {
      return { old, next, step: 'add', membership: { voters, learners: [...learners, next] } };
    }
    const membership = voters.includes(old)
      ? { voters: [...without(voters, old), next], learners: rest }
      : { voters, learners: [...without(rest, old), next] };
    return { old, next, step: 'replace', membership };
  }
  return undefined;
}

function incarnationOf(id: ReplicaId, origins: readonly Origin[]): Origin | undefined {
  return origins.find((origin) => replicaOf(origin) === id);
}

function without(origins: readonly Origin[], origin: Origin): readonly Origin[] {
  return origins.filter((other) => other !== origin);
}

function unknown(id: ReplicaId): ChangeRefusal {
  return invalid(`${id} is no member`);
}

function invalid(detail: string): ChangeRefusal {
  return { kind: 'refused', code: 'invalid-request', detail };
}

export function conflict(detail: string): ChangeRefusal {
  return { kind: 'refused', code: 'membership-conflict', detail };
}
