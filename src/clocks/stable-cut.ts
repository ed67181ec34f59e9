/**
 * The stable cut: the dots that every one of a set of members is known to have, from what each last reported. What lies
 * inside it may be forgotten, because nobody will ask for it again. This module does not know how reports travel.
 *
 * Source: G. Wuu and A. Bernstein, "Efficient Solutions to the Replicated Log and Dictionary Problems" (1984): the
 * minimum over the rows of the matrix clock.
 */
import type { ReplicaId } from '../base/ids.js';
import { VersionVector } from './version-vector.js';

/**
 * Greatest vector that the vectors of all `members` include. A member that has not reported is known to have nothing,
 * and so is a set without members: there the cut is empty. Vectors of others than `members` do not count.
 */
export function stableCut(
  members: readonly ReplicaId[],
  vectors: ReadonlyMap<ReplicaId, VersionVector>,
): VersionVector {
  let cut: VersionVector | undefined;
  for (const member of members) {
    const vector = vectors.get(member);
    if (vector === undefined) return VersionVector.EMPTY;
    cut = cut === undefined ? vector : cut.meet(vector);
    if (cut.size === 0) return VersionVector.EMPTY;
  }
  return cut ?? VersionVector.EMPTY;
}
