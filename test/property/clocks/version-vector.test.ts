/** The version vector is the set of the dots it covers: every operation is held against that set. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import {
  dotsOf,
  encoded,
  FEW_ORIGINS,
  fewEntries,
  fewOrigins,
  fewVectors,
  intersection,
  isSubset,
  union,
} from './arbitraries.js';

const pairs = fc.tuple(fewEntries, fewEntries);

describe('a version vector means a set of dots', () => {
  it('has exactly the dots of the entries it is made of', () => {
    fc.assert(
      fc.property(fewEntries, (entries) => {
        const vector = VersionVector.of(entries);
        expect(dotsOf(vector.entries())).toEqual(dotsOf(entries));
        for (const origin of FEW_ORIGINS) {
          const counted = [...dotsOf(entries)].filter((dot) => dot.startsWith(`${origin}.`)).length;
          expect(vector.get(origin)).toBe(counted);
        }
      }),
    );
  });

  it('joins to the union', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const joined = VersionVector.of(a).join(VersionVector.of(b));
        expect(dotsOf(joined.entries())).toEqual(union(dotsOf(a), dotsOf(b)));
      }),
    );
  });

  it('meets at the intersection', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const met = VersionVector.of(a).meet(VersionVector.of(b));
        expect(dotsOf(met.entries())).toEqual(intersection(dotsOf(a), dotsOf(b)));
      }),
    );
  });

  it('includes another as a set includes its subset, and compares accordingly', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const under = isSubset(dotsOf(a), dotsOf(b));
        const over = isSubset(dotsOf(b), dotsOf(a));
        const left = VersionVector.of(a);
        const right = VersionVector.of(b);
        expect(right.includes(left)).toBe(under);
        expect(left.includes(right)).toBe(over);
        expect(left.equals(right)).toBe(under && over);
        const order = under && over ? 'equal' : under ? 'before' : over ? 'after' : 'concurrent';
        expect(left.compare(right)).toBe(order);
      }),
    );
  });

  it('covers a dot as a set contains it', () => {
    fc.assert(
      fc.property(fewEntries, fewOrigins, fc.integer({ min: 1, max: 7 }), (entries, origin, counter) => {
        const contained = dotsOf(entries).has(`${origin}.${counter}`);
        expect(VersionVector.of(entries).covers({ origin, counter })).toBe(contained);
      }),
    );
  });

  it('grows by a dot and everything below it', () => {
    fc.assert(
      fc.property(fewEntries, fewOrigins, fc.nat(7), (entries, origin, counter) => {
        const grown = VersionVector.of(entries).with({ origin, counter });
        expect(dotsOf(grown.entries())).toEqual(union(dotsOf(entries), dotsOf([[origin, counter]])));
      }),
    );
  });

  it('misses what another set has and it has not', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const missed = new Set<string>();
        for (const { origin, have, need } of VersionVector.of(a).missing(VersionVector.of(b))) {
          expect(have).toBe(VersionVector.of(a).get(origin));
          expect(have).toBeLessThan(need);
          for (let counter = have + 1; counter <= need; counter += 1) missed.add(`${origin}.${counter}`);
        }
        expect(missed).toEqual(new Set([...dotsOf(b)].filter((dot) => !dotsOf(a).has(dot))));
      }),
    );
  });
});

describe('version vectors are a lattice', () => {
  const triples = fc.tuple(fewVectors, fewVectors, fewVectors);

  it('with join and meet commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(triples, ([a, b, c]) => {
        for (const op of ['join', 'meet'] as const) {
          expect(a[op](b).equals(b[op](a))).toBe(true);
          expect(
            a[op](b)
              [op](c)
              .equals(a[op](b[op](c))),
          ).toBe(true);
          expect(a[op](a)).toBe(a);
        }
      }),
    );
  });

  it('with absorption and distribution', () => {
    fc.assert(
      fc.property(triples, ([a, b, c]) => {
        expect(a.join(a.meet(b)).equals(a)).toBe(true);
        expect(a.meet(a.join(b)).equals(a)).toBe(true);
        expect(a.meet(b.join(c)).equals(a.meet(b).join(a.meet(c)))).toBe(true);
      }),
    );
  });

  it('with the empty vector at its bottom', () => {
    fc.assert(
      fc.property(fewVectors, (a) => {
        expect(a.join(VersionVector.EMPTY)).toBe(a);
        expect(a.meet(VersionVector.EMPTY)).toBe(VersionVector.EMPTY);
        expect(a.includes(VersionVector.EMPTY)).toBe(true);
      }),
    );
  });
});

describe('a version vector is a value', () => {
  it('with one form for each meaning, however it was reached', () => {
    fc.assert(
      fc.property(fewVectors, fewVectors, (a, b) => {
        const reached = [
          a.join(b),
          b.join(a),
          VersionVector.of([...b.entries().reverse(), ...a.entries()]),
          b.entries().reduce((vector, [origin, counter]) => vector.with({ origin, counter }), a),
        ];
        for (const vector of reached) {
          expect(encoded(vector)).toEqual(encoded(a.join(b)));
          expect(JSON.stringify(vector)).toBe(JSON.stringify(a.join(b)));
        }
      }),
    );
  });

  it('with its origins in ascending order and no zeros', () => {
    fc.assert(
      fc.property(fewVectors, fewVectors, (a, b) => {
        for (const vector of [a, a.join(b), a.meet(b)]) {
          const origins = vector.entries().map(([origin]) => origin);
          expect(origins).toEqual([...new Set(origins)].sort());
          expect(vector.entries().every(([, counter]) => counter > 0)).toBe(true);
          expect(vector.size).toBe(origins.length);
        }
      }),
    );
  });

  it('that no operation changes', () => {
    fc.assert(
      fc.property(fewVectors, fewVectors, fewOrigins, (a, b, origin) => {
        const before = [encoded(a), encoded(b)];
        a.join(b);
        a.meet(b);
        a.with({ origin, counter: a.get(origin) + 1 });
        a.missing(b);
        a.entries().push([origin, 99]);
        expect([encoded(a), encoded(b)]).toEqual(before);
      }),
    );
  });

  it('that shows its entries the same way by every road', () => {
    fc.assert(
      fc.property(fewVectors, (a) => {
        const visited: (readonly [string, number])[] = [];
        a.forEach((origin, counter) => {
          visited.push([origin, counter]);
        });
        expect(visited).toEqual(a.entries());
        expect(Object.entries(a.toJSON())).toEqual(a.entries());
      }),
    );
  });
});
