/** Who counts when a write is to survive the loss of a minority, and how many of them it takes. */
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import type { AgreedMembers } from './stored-membership.js';

export interface Voters {
  readonly ids: readonly ReplicaId[];
  /** So many of `ids` are a majority, of the voters before a change and of those after it. */
  readonly majority: number;
}

/** Before anything was agreed on, all that are configured count. */
export function votersOf(agreed: AgreedMembers | undefined, configured: readonly ReplicaId[]): Voters {
  if (agreed === undefined) return { ids: configured, majority: Math.floor(configured.length / 2) + 1 };
  const ids = replicasOf([...agreed.voters, ...agreed.outgoing]);
  const sides = [agreed.voters, agreed.outgoing].filter(({ length }) => length > 0);
  const minority = Math.min(...sides.map(({ length }) => Math.floor((length - 1) / 2)));
  return { ids, majority: ids.length - minority };
}

/** The replicas of these incarnations, each once, sorted. */
export function replicasOf(origins: readonly Origin[]): ReplicaId[] {
  return [...new Set(origins.flatMap((origin) => replicaOf(origin) ?? []))].sort();
}
