/** What the properties of the clocks are drawn from, and the dumb second definition they are held against. */
import fc from 'fast-check';
import { ByteWriter } from '../../../src/base/bytes.js';
import { type ClusterId, LOG_ORIGIN, makeOrigin, type Origin, parseReplicaId } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';

/** Few, so that vectors meet often; names that are prefixes of others, and two incarnations of one member. */
export const FEW_ORIGINS: readonly Origin[] = [
  LOG_ORIGIN,
  makeOrigin(parseReplicaId('r1'), 0x4f9c2a7b),
  makeOrigin(parseReplicaId('r1'), 0x00000001),
  makeOrigin(parseReplicaId('r10'), 0x4f9c2a7b),
  makeOrigin(parseReplicaId('r1-x'), 0xffffffff),
];

export type Entry = readonly [Origin, number];

export const fewOrigins: fc.Arbitrary<Origin> = fc.constantFrom(...FEW_ORIGINS);
export const fewEntries: fc.Arbitrary<Entry[]> = fc.array(fc.tuple(fewOrigins, fc.nat(5)), { maxLength: 8 });
export const fewVectors: fc.Arbitrary<VersionVector> = fewEntries.map((entries) => VersionVector.of(entries));

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,6}[a-z0-9])?$/;
export const origins: fc.Arbitrary<Origin> = fc.oneof(
  fewOrigins,
  fc
    .tuple(
      fc.stringMatching(NAME).filter((name) => name !== LOG_ORIGIN),
      fc.nat(0xffffffff),
    )
    .map(([name, nonce]) => makeOrigin(parseReplicaId(name), nonce)),
);
export const counters: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeNat().map((n) => Math.max(1, n)),
);
/** Of any origins and counters; few enough for a token. */
export const vectors: fc.Arbitrary<VersionVector> = fc
  .array(fc.tuple(origins, counters), { maxLength: 30, size: 'max' })
  .map((entries) => VersionVector.of(entries));

export const clusters: fc.Arbitrary<ClusterId> = fc
  .stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/)
  .map((text) => text as ClusterId);

/** A version vector as what it means: the set of the dots it covers. */
export type DotSet = ReadonlySet<string>;

export function dotsOf(entries: Iterable<Entry>): DotSet {
  const dots = new Set<string>();
  for (const [origin, counter] of entries) for (let n = 1; n <= counter; n += 1) dots.add(`${origin}.${n}`);
  return dots;
}

export function union(a: DotSet, b: DotSet): DotSet {
  return new Set([...a, ...b]);
}

export function intersection(a: DotSet, b: DotSet): DotSet {
  return new Set([...a].filter((dot) => b.has(dot)));
}

export function isSubset(a: DotSet, b: DotSet): boolean {
  return [...a].every((dot) => b.has(dot));
}

export function encoded(vector: VersionVector): Uint8Array {
  const writer = new ByteWriter();
  vector.encode(writer);
  return writer.finish();
}
