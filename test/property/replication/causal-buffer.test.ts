/** The causal buffer against delivery by definition: look at everything again until nothing moves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { CausalBuffer } from '../../../src/replication/causal-buffer.js';
import type { WriteGroup } from '../../../src/replication/write-group.js';
import { deliverByRescan } from '../../support/plane-cluster.js';
import { A, B, C, group, names } from '../../support/plane-values.js';
import { seededRandom } from '../../support/seeded-random.js';

const SILENT = { buffered: () => {}, unbuffered: () => {} };
const ORIGINS = [A, B, C];

/** A causal history: each group depends on some of what was written before it, by anybody. */
const history = fc
  .array(fc.record({ origin: fc.nat(2), seen: fc.array(fc.nat(100), { maxLength: 3 }) }), { maxLength: 40 })
  .map((writes) => {
    const groups: WriteGroup[] = [];
    const counters = new Map<Origin, number>();
    for (const { origin: index, seen } of writes) {
      const origin = ORIGINS[index] as Origin;
      const counter = (counters.get(origin) ?? 0) + 1;
      counters.set(origin, counter);
      const past = seen.flatMap((n) => (groups.length === 0 ? [] : [groups[n % groups.length] as WriteGroup]));
      const deps = past.reduce((sum, { deps: theirs, dot }) => sum.join(theirs).with(dot), VersionVector.EMPTY);
      groups.push(group(origin, counter, deps));
    }
    return groups;
  });

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const rest = [...items];
  return items.map(() => rest.splice(random.int(rest.length), 1)[0] as T);
}

function expectCausal(order: readonly WriteGroup[], from = VersionVector.EMPTY): void {
  let vector = from;
  for (const { dot, deps } of order) {
    expect(vector.get(dot.origin)).toBe(dot.counter - 1);
    expect(vector.includes(deps)).toBe(true);
    vector = vector.with(dot);
  }
}

const all = Number.MAX_SAFE_INTEGER;

describe('the causal buffer', () => {
  it('delivers what the definition delivers, in causal order, whatever is missing, doubled or reordered', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), fc.double({ min: 0, max: 0.4, noNaN: true }), (groups, a, b, loss) => {
        const random = seededRandom(b);
        const arriving = shuffled([...groups, ...groups], a).filter(() => !random.chance(loss));
        const buffer = new CausalBuffer(VersionVector.EMPTY, SILENT);
        const delivered: WriteGroup[] = [];
        for (const arrived of arriving) {
          buffer.offer(arrived);
          if (random.chance(0.3)) delivered.push(...buffer.take(1 + random.int(3), all));
        }
        delivered.push(...buffer.take(all, all));
        expectCausal(delivered);
        expect(new Set(names(delivered))).toEqual(new Set(names(deliverByRescan(arriving))));
        expect(buffer.held).toBe(new Set(names(arriving)).size - delivered.length);
      }),
      { numRuns: 300 },
    );
  });

  it('announces exactly the groups that have to wait, until they are durable', () => {
    fc.assert(
      fc.property(history, fc.nat(), (groups, seed) => {
        const waiting = new Set<WriteGroup>();
        const buffer = new CausalBuffer(VersionVector.EMPTY, {
          buffered: (arrived) => void waiting.add(arrived),
          unbuffered: (gone) => void waiting.delete(gone),
        });
        for (const arrived of shuffled(groups, seed)) {
          const offer = buffer.offer(arrived);
          expect(waiting.has(arrived)).toBe(offer === 'buffered');
        }
        expect(new Set(buffer.announced)).toEqual(waiting);
        buffer.durable(buffer.take(all, all));
        expect(waiting.size).toBe(0);
      }),
    );
  });

  it('goes on after a jump as if it had delivered everything up to there', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(40), fc.nat(40), (groups, seed, early, jump) => {
        const buffer = new CausalBuffer(VersionVector.EMPTY, SILENT);
        const arriving = shuffled(groups, seed);
        for (const arrived of arriving.slice(0, early)) buffer.offer(arrived);
        const before = buffer.take(2, all);
        const base = before.reduce((sum, { dot }) => sum.with(dot), VersionVector.EMPTY);
        const snapshot = groups.slice(0, jump).reduce((sum, { dot }) => sum.with(dot), VersionVector.EMPTY);
        const pending = buffer.held + buffer.ready;
        const dropped = buffer.jump(snapshot);
        expect(buffer.held + buffer.ready).toBe(pending - dropped);
        for (const arrived of arriving.slice(early)) buffer.offer(arrived);
        const after = buffer.take(all, all);
        expectCausal(after, base.join(snapshot));
        expect(buffer.held).toBe(0);
        const covered = groups.filter(({ dot }) => base.join(snapshot).covers(dot)).length;
        expect(after.length).toBe(groups.length - covered);
      }),
      { numRuns: 300 },
    );
  });
});
