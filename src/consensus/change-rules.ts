/**
 * When a leader may change the membership: with an entry of its own term committed and no other change under way, or two
 * majorities that do not overlap could come about; and never towards voters that would hold the cluster up.
 */
import { firstStepTo, isJoint, isVoter, type Membership, membershipFault, sameConfiguration } from './configuration.js';
import type { Member } from './member.js';
import type { ChangeResult } from './raft-types.js';
import type { Replicator } from './replicator.js';

type Refusal = Extract<ChangeResult, { readonly kind: 'dropped' }>;

/** Why not now; undefined if it may. */
export function refuseChange(
  membership: Membership,
  { log, configurations }: Member,
  replicator: Replicator,
  isEstablished: boolean,
): Refusal | undefined {
  const { index, configuration } = configurations.latest;
  const fault = membershipFault(membership);
  if (fault !== undefined) return refusal('invalid', fault);
  if (!isEstablished) return refusal('term-not-committed', 'this leader has not committed an entry of its term');
  if (isJoint(configuration) || index > log.commit) return refusal('change-in-progress', `since entry ${index}`);
  const next = firstStepTo(membership, configuration);
  if (sameConfiguration(next, configuration)) return refusal('no-change', 'that is the configuration already');
  const late = next.voters.find((id) => !isVoter(configuration, id) && !replicator.isCaughtUp(id));
  return late === undefined ? undefined : refusal('not-caught-up', `${late} must first be a learner and catch up`);
}

function refusal(reason: Refusal['reason'], detail: string): Refusal {
  return { kind: 'dropped', reason, detail };
}
