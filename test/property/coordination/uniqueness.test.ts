/** Unique constraints against a model that has no index and looks at every document each time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../../src/coordination/catalog.js';
import { holderOf } from '../../../src/coordination/constraints.js';
import { OrderedLog, putOp } from '../../support/ordered-log.js';

const KEYS = ['u/1', 'u/2', 'u/3', 'v/1', 'w'];
const CONSTRAINTS = [
  { name: 'mail', prefix: 'u/', field: '/m' },
  { name: 'mail', prefix: '', field: '/m' },
  { name: 'nick', prefix: '', field: '/n' },
] as const;

interface Document {
  readonly m?: number | null;
  readonly n?: string;
}

const field = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const documents: fc.Arbitrary<Document | undefined> = fc.option(
  fc
    .record({ m: field([1, 2, null]), n: field(['x', 'y']) })
    .map((drawn) => JSON.parse(JSON.stringify(drawn)) as Document),
  { nil: undefined, freq: 4 },
);

type Step =
  | { readonly kind: 'write'; readonly docs: readonly (readonly [string, Document | undefined])[] }
  | { readonly kind: 'declare'; readonly which: number }
  | { readonly kind: 'drop'; readonly which: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        docs: fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), documents), {
          minLength: 1,
          maxLength: 3,
          selector: ([key]) => key,
        }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('declare' as const), which: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), which: fc.nat(2) }) },
  ),
  { minLength: 1, maxLength: 50, size: 'max' },
);

interface Terms {
  readonly prefix: string;
  readonly field: string;
}

/** Whether two documents under the prefix have the same scalar in the field. */
function isBroken(shown: ReadonlyMap<string, Document>, { prefix, field: pointer }: Terms): boolean {
  const values = [...shown]
    .filter(([key]) => key.startsWith(prefix))
    .map(([, document]) => (pointer === '/m' ? document.m : document.n))
    .filter((value) => value !== undefined && value !== null);
  return new Set(values).size < values.length;
}

describe('under any declarations, writes and drops', () => {
  it('a write is refused exactly if it would break a declared constraint, and a declaration if the data do', () => {
    const seen = { refusedWrites: 0, refusedDeclarations: 0, replaced: 0 };
    fc.assert(
      fc.property(steps, (drawn) => {
        const log = new OrderedLog();
        let shown = new Map<string, Document>();
        const declared = new Map<string, Terms>();
        for (const step of drawn) {
          if (step.kind === 'drop') {
            const { name } = CONSTRAINTS[step.which] ?? CONSTRAINTS[0];
            expect(log.coordinate({ kind: 'drop', name })).toEqual({ kind: 'dropped', existed: declared.delete(name) });
          } else if (step.kind === 'declare') {
            const terms = CONSTRAINTS[step.which] ?? CONSTRAINTS[0];
            const broken = isBroken(shown, terms);
            const told = log.coordinate({ kind: 'declare', ...terms });
            expect(told.kind, JSON.stringify(terms)).toBe(broken ? 'refused' : 'declared');
            seen.refusedDeclarations += Number(broken);
            seen.replaced += Number(!broken && declared.has(terms.name));
            if (!broken) declared.set(terms.name, terms);
          } else {
            const after = new Map(shown);
            for (const [key, document] of step.docs) {
              if (document === undefined) after.delete(key);
              else after.set(key, document);
            }
            const broken = [...declared.values()].some((terms) => isBroken(after, terms));
            const { outcome } = log.txn({
              onSuccess: step.docs.map(([key, document]) =>
                document === undefined ? { kind: 'delete', key } : putOp(key, JSON.stringify(document)),
              ),
            });
            expect(outcome.kind).toBe(broken ? 'refused' : 'txn');
            seen.refusedWrites += Number(broken);
            if (!broken) shown = after;
          }
        }
        for (const key of KEYS)
          expect(log.shown(key)).toBe(shown.has(key) ? JSON.stringify(shown.get(key)) : undefined);
        for (const constraint of readCatalog(log.state).constraints) {
          for (const [key, document] of shown) {
            const value = constraint.field === '/m' ? document.m : document.n;
            if (!key.startsWith(constraint.prefix) || value === undefined || value === null) continue;
            expect(holderOf(log.state, constraint, JSON.stringify(value))).toBe(key);
          }
        }
      }),
      { numRuns: 300 },
    );
    for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(20);
  });
});
