/** The stable cut is the intersection of what the members are known to have. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReplicaId, type ReplicaId } from '../../../src/base/ids.js';
import { stableCut } from '../../../src/clocks/stable-cut.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type DotSet, dotsOf, type Entry, fewEntries, intersection } from './arbitraries.js';

const REPLICAS: readonly ReplicaId[] = ['r1', 'r2', 'r3', 'r4'].map(parseReplicaId);

const reports: fc.Arbitrary<Map<ReplicaId, Entry[]>> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...REPLICAS), fewEntries), { selector: ([replica]) => replica })
  .map((rows) => new Map(rows));
const memberships = fc.subarray([...REPLICAS]);

function vectorsOf(rows: ReadonlyMap<ReplicaId, Entry[]>): Map<ReplicaId, VersionVector> {
  return new Map([...rows].map(([replica, entries]) => [replica, VersionVector.of(entries)]));
}

function naiveCut(members: readonly ReplicaId[], rows: ReadonlyMap<ReplicaId, Entry[]>): DotSet {
  const known = members.map((member) => dotsOf(rows.get(member) ?? []));
  return known.length === 0 ? new Set() : known.reduce(intersection);
}

describe('the stable cut', () => {
  it('has the dots that every member has reported, and no other', () => {
    fc.assert(
      fc.property(memberships, reports, (members, rows) => {
        const cut = stableCut(members, vectorsOf(rows));
        expect(dotsOf(cut.entries())).toEqual(naiveCut(members, rows));
      }),
      { numRuns: 1000 },
    );
  });

  it('only grows while the reports grow and the members stay', () => {
    fc.assert(
      fc.property(memberships, reports, reports, (members, rows, more) => {
        const before = vectorsOf(rows);
        const after = new Map(before);
        for (const [replica, vector] of vectorsOf(more)) {
          after.set(replica, vector.join(before.get(replica) ?? VersionVector.EMPTY));
        }
        expect(stableCut(members, after).includes(stableCut(members, before))).toBe(true);
      }),
    );
  });

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(memberships, reports, (members, rows) => {
        const vectors = vectorsOf(rows);
        expect(stableCut([...members].reverse(), vectors).equals(stableCut(members, vectors))).toBe(true);
      }),
    );
  });

  it('is empty as long as one member is silent, and without members', () => {
    const [r1, r2] = REPLICAS as [ReplicaId, ReplicaId];
    const vectors = vectorsOf(new Map([[r1, [['log' as Entry[0], 5]]]]));
    expect(stableCut([r1], vectors).toJSON()).toEqual({ log: 5 });
    expect(stableCut([r1, r2], vectors)).toBe(VersionVector.EMPTY);
    expect(stableCut([], vectors)).toBe(VersionVector.EMPTY);
  });
});
