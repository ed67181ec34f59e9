/** How fast the clocks are: what every read, write and message of the causal plane does to vectors and stamps. */
import { ByteReader, ByteWriter } from '../src/base/bytes.js';
import { parseReplicaId, type ReplicaId } from '../src/base/ids.js';
import { type Hlc, mergeHlc, tickHlc } from '../src/clocks/hybrid-logical-clock.js';
import { stableCut } from '../src/clocks/stable-cut.js';
import { VersionVector } from '../src/clocks/version-vector.js';
import { originsOf, vectorOf } from './inputs.js';
import type { BenchCase, BenchSuite } from './suite.js';

const SIZES = [3, 16] as const;

function vectorCases(size: number): BenchCase[] {
  const [last] = originsOf(size).slice(-1) as [ReturnType<typeof originsOf>[number]];
  const vector = vectorOf(size, 1_000);
  const above = vectorOf(size, 1_001);
  const beside = VersionVector.of(vector.entries().map(([origin, n], i) => [origin, i % 2 === 0 ? n + 5 : n - 5]));
  const writer = new ByteWriter();
  vector.encode(writer);
  const bytes = writer.finish();
  const cases: Readonly<Record<string, () => unknown>> = {
    'includes (covered)': () => above.includes(vector),
    'covers a dot': () => vector.covers({ origin: last, counter: 999 }),
    'join (covered)': () => above.join(vector),
    'join (concurrent)': () => vector.join(beside),
    'meet (concurrent)': () => vector.meet(beside),
    'with the next dot': () => vector.with({ origin: last, counter: 2_000 }),
    missing: () => vector.missing(beside),
    encode: () => vector.encode(new ByteWriter()),
    decode: () => VersionVector.decode(new ByteReader(bytes)),
  };
  return Object.entries(cases).map(([name, run]) => ({ name: `vector of ${size}: ${name}`, setUp: () => run }));
}

function stableCutCase(members: number): BenchCase {
  return {
    name: `stable cut of ${members} members`,
    setUp: () => {
      const ids = Array.from({ length: members }, (_, n): ReplicaId => parseReplicaId(`r${n + 1}`));
      const vectors = new Map(ids.map((id, n) => [id, vectorOf(members, 1_000).with({ ...dotOf(members, n) })]));
      return () => stableCut(ids, vectors);
    },
  };
}

/** A dot of member `n` that the others have not reported yet. */
function dotOf(members: number, n: number): { origin: ReturnType<typeof originsOf>[number]; counter: number } {
  const [origin] = originsOf(members).slice(n) as [ReturnType<typeof originsOf>[number]];
  return { origin, counter: 2_000 + n };
}

const hybridCases: BenchCase[] = [
  {
    name: 'hybrid clock: tick',
    setUp: () => {
      let last: Hlc = { ms: 1_700_000_000_000, logical: 0 };
      return () => {
        last = tickHlc(last, 1_700_000_000_000);
        return last;
      };
    },
  },
  {
    name: 'hybrid clock: merge a later stamp',
    setUp: () => {
      const last = { ms: 1_700_000_000_000, logical: 7 };
      const remote = { ms: 1_700_000_000_003, logical: 0 };
      return () => mergeHlc(last, remote, 1_700_000_000_001, 500);
    },
  },
];

export const clocks: BenchSuite = {
  name: 'clocks',
  cases: [...SIZES.flatMap(vectorCases), stableCutCase(3), stableCutCase(16), ...hybridCases],
};
