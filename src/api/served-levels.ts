/** Which levels would succeed now, for the `served` member of a problem. */
import { CausewayError } from '../base/errors.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Replica } from '../replica/handle.js';
import type { OrderedReplica } from '../replica/ordered-handle.js';
import type { WeakLevel } from '../replica/request-types.js';

/** The levels that every replica answers, strongest first. */
export const WEAK_LEVELS: readonly WeakLevel[] = ['causal', 'eventual'];

/** What the replica offers at `linearizable`. @throws CausewayError `level-not-offered`, naming `served` instead */
export function orderedReplica(replica: Replica, served: readonly WeakLevel[] = []): OrderedReplica {
  if (replica.ordered !== undefined) return replica.ordered;
  const detail = 'This needs the total order, and the replica runs without a consensus module.';
  throw new CausewayError('level-not-offered', detail, { served });
}

/** The weaker levels at which a request with this token would be served at once. */
export function weakLevelsNow(replica: Replica, token: VersionVector): readonly WeakLevel[] {
  return WEAK_LEVELS.filter((level) => {
    if (!replica.readiness(level).ready) return false;
    return level === 'eventual' || replica.status().vector.includes(token);
  });
}

/** `linearizable` if it would be served now, or nothing: for what no weaker level decides. */
export function strongLevelNow(replica: Replica): readonly 'linearizable'[] {
  const isServed = replica.ordered !== undefined && replica.readiness('linearizable').ready;
  return isServed ? ['linearizable'] : [];
}
