/**
 * Tells a token that can come true by waiting from one that never will. How long the log is nobody knows who is cut off
 * from its leader, so an entry this replica has not heard of is waited for; but one that is further ahead than the log
 * can have grown since we last heard is made up.
 */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN, type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';

export interface TokenKnowledge {
  readonly self: Origin;
  readonly durable: VersionVector;
  /** Replicas that may have written: all members; undefined where members come and go, and former ones wrote too. */
  readonly members: readonly ReplicaId[] | undefined;
  /** Highest counter this replica has ever issued. */
  readonly issued: number;
  /** Newest index of the log this replica has heard of; undefined if it runs without a consensus module. */
  readonly logIndex?: number | undefined;
}

/** @throws CausewayError `invalid-causal-token` if the token names writes that cannot exist. */
export function checkToken(token: VersionVector, known: TokenKnowledge): void {
  for (const { origin, need } of known.durable.missing(token)) {
    if (origin === LOG_ORIGIN) {
      checkLog(need, known.logIndex);
      continue;
    }
    const replica = replicaOf(origin);
    if (replica === undefined || known.members?.includes(replica) === false) {
      throw impossible(`"${origin}", which is no member of this cluster`);
    }
    if (origin === known.self && need > known.issued) {
      throw impossible(`write ${need} of this replica, which has issued ${known.issued}`);
    }
  }
}

function checkLog(need: number, logIndex: number | undefined): void {
  if (logIndex === undefined) throw impossible(`the total order at ${need}, which this cluster does not run`);
  if (need - logIndex > LIMITS.tokenLogAheadMax) {
    throw impossible(`entry ${need} of the total order, of which entry ${logIndex} is the newest known here`);
  }
}

function impossible(what: string): CausewayError {
  return new CausewayError('invalid-causal-token', `the token names ${what}`);
}
