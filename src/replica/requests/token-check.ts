/** Tells a token that can come true by waiting from one that never will. */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN, type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import type { VersionVector } from '../../clocks/version-vector.js';

export interface TokenKnowledge {
  readonly self: Origin;
  readonly durable: VersionVector;
  /** Replicas that may have written: all members; undefined where members come and go, and former ones wrote too. */
  readonly members: readonly ReplicaId[] | undefined;
  /** Highest counter this replica has ever issued. */
  readonly issued: number;
}

/** @throws CausewayError `invalid-causal-token` if the token names writes that cannot exist. */
export function checkToken(token: VersionVector, known: TokenKnowledge): void {
  for (const { origin, need } of known.durable.missing(token)) {
    if (origin === LOG_ORIGIN) throw impossible(`the total order at ${need}, which this cluster does not run`);
    const replica = replicaOf(origin);
    if (replica === undefined || known.members?.includes(replica) === false) {
      throw impossible(`"${origin}", which is no member of this cluster`);
    }
    if (origin === known.self && need > known.issued) {
      throw impossible(`write ${need} of this replica, which has issued ${known.issued}`);
    }
  }
}

function impossible(what: string): CausewayError {
  return new CausewayError('invalid-causal-token', `the token names ${what}`);
}
