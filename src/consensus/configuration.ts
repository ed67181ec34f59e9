/**
 * Who takes part in the total order. A member is named by its incarnation, not by its replica: a replica that lost its
 * disk comes back under another name, so the vote it may have forgotten can neither be asked for nor counted again.
 */
import { type Origin, type ReplicaId, replicaOf } from '../base/ids.js';

/** A replica incarnation, `r1~4f9c2a7b`; never `log`. Used once: a removed member is not added again. */
export type MemberId = Origin;

/**
 * Decisions need a majority of `voters` and, while a change is under way (`outgoing` is not empty), also a majority of
 * `outgoing`, the voters before the change. Learners receive the log and decide nothing. All three are sorted.
 */
export interface Configuration {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
  readonly learners: readonly MemberId[];
}

/** What a change leads to. */
export type Membership = Pick<Configuration, 'voters' | 'learners'>;

/** The configuration of a replica that has not heard of its cluster yet: it follows, and never campaigns. */
export const NOBODY: Configuration = { voters: [], outgoing: [], learners: [] };

export function makeConfiguration({ voters, learners }: Membership): Configuration {
  return { voters: [...voters].sort(), outgoing: [], learners: [...learners].sort() };
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

export function isVoter({ voters, outgoing }: Configuration, member: MemberId): boolean {
  return voters.includes(member) || outgoing.includes(member);
}

export function isMember(configuration: Configuration, member: MemberId): boolean {
  return isVoter(configuration, member) || configuration.learners.includes(member);
}

export function membersOf({ voters, outgoing, learners }: Configuration): readonly MemberId[] {
  return [...new Set([...voters, ...outgoing, ...learners])].sort();
}

/** Why `membership` cannot be a configuration; undefined if it can. */
export function membershipFault({ voters, learners }: Membership): string | undefined {
  if (voters.length === 0) return 'no voters';
  if (new Set([...voters, ...learners]).size < voters.length + learners.length) return 'a member is named twice';
  const replicas = new Set<ReplicaId | undefined>(voters.map(replicaOf));
  if (replicas.has(undefined)) return 'a voter is not a replica';
  return replicas.size < voters.length ? 'two incarnations of one replica would vote' : undefined;
}

/**
 * The next configuration on the way to `membership`: a joint one if voters change, else the end itself, because with
 * the same voters every two quorums overlap anyway.
 */
export function firstStepTo(membership: Membership, current: Configuration): Configuration {
  const end = makeConfiguration(membership);
  return sameMembers(end.voters, current.voters) ? end : { ...end, outgoing: current.voters };
}

/** The configuration a joint one leads to. */
export function settled({ voters, learners }: Configuration): Configuration {
  return { voters, outgoing: [], learners };
}

export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  return sameMembers(a.voters, b.voters) && sameMembers(a.outgoing, b.outgoing) && sameMembers(a.learners, b.learners);
}

function sameMembers(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
