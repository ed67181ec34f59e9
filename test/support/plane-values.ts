/** Short ways to write down what the causal plane's tests are about. */
import { EMPTY_BYTES } from '../../src/base/bytes.js';
import { makeOrigin, type Origin, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { HLC_ZERO, type Hlc } from '../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { DigestMessage } from '../../src/replication/messages.js';
import { sealGroup, type WriteGroup } from '../../src/replication/write-group.js';

export const R1 = parseReplicaId('r1');
export const R2 = parseReplicaId('r2');
export const R3 = parseReplicaId('r3');
/** The first incarnations of r1 to r3, and the second of r1 and r2. */
export const A = originOf(R1);
export const B = originOf(R2);
export const C = originOf(R3);
export const A2 = originOf(R1, 2);
export const B2 = originOf(R2, 2);

export function originOf(replica: ReplicaId, incarnation = 1): Origin {
  return makeOrigin(replica, incarnation);
}

/** `vector([A, 1], [B, 2])`. */
export function vector(...entries: readonly (readonly [Origin, number])[]): VersionVector {
  return VersionVector.of(entries);
}

export function group(
  origin: Origin,
  counter: number,
  deps: VersionVector = VersionVector.EMPTY,
  body: Uint8Array = EMPTY_BYTES,
  hlc: Hlc = HLC_ZERO,
): WriteGroup {
  return sealGroup({ origin, counter }, hlc, deps, body);
}

/** Groups `from` to `to` of an origin, without dependencies but their order. */
export function stream(origin: Origin, from: number, to: number): WriteGroup[] {
  return Array.from({ length: to - from + 1 }, (_, i) => group(origin, from + i));
}

export function digest(of: VersionVector, rest: Partial<DigestMessage> = {}): DigestMessage {
  const { EMPTY } = VersionVector;
  const plain = {
    floor: EMPTY,
    forgotten: EMPTY,
    holding: [],
    heard: [],
    members: [],
    joined: false,
    wantReply: false,
  };
  return { kind: 'digest', vector: of, ...plain, ...rest };
}

export function names(groups: Iterable<WriteGroup>): string[] {
  return [...groups].map(({ dot }) => `${dot.origin.slice(0, 2)}.${dot.counter}`);
}
