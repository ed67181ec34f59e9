/** Inputs that several suites share, the same in every run. */
import { makeOrigin, type Origin, parseReplicaId } from '../src/base/ids.js';
import { VersionVector } from '../src/clocks/version-vector.js';

/** The origins of a cluster of `size` members, each at its first incarnation. */
export function originsOf(size: number): Origin[] {
  return Array.from({ length: size }, (_, n) => {
    return makeOrigin(parseReplicaId(`r${n + 1}`), Math.imul(n + 1, 0x9e3779b1));
  });
}

/** What a replica of that cluster has, with counters around `counter`. */
export function vectorOf(size: number, counter: number): VersionVector {
  return VersionVector.of(originsOf(size).map((origin, n) => [origin, counter + n]));
}
