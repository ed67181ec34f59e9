import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublishable, isSubscribable, matchesPattern, SubjectTable } from '../../../src/adapters/subject-table.js';

const subject = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('.'));
const pattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([parts, rest]) => [...parts, ...(rest ? ['>'] : [])].join('.'));

/** The dumb definition: a pattern is a regular expression in other letters. */
function matchesByExpression(wanted: string, given: string): boolean {
  const expression = wanted.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+');
  return new RegExp(`^${expression}$`).test(given);
}

describe('subjects', () => {
  test('a pattern matches what its regular expression matches', () => {
    const agrees = fc.property(pattern, subject, (wanted, given) => {
      expect(matchesPattern(wanted, given)).toBe(matchesByExpression(wanted, given));
    });
    fc.assert(agrees, { numRuns: 2000 });
  });

  test.each([
    ['a', true, true],
    ['a.b-c.$d', true, true],
    ['*', true, false],
    ['a.*.b', true, false],
    ['>', true, false],
    ['a.>', true, false],
    ['a.*b', true, true],
    ['', false, false],
    ['.', false, false],
    ['a.', false, false],
    ['.a', false, false],
    ['a..b', false, false],
    ['>.a', false, false],
    ['a b', false, false],
  ])('%j may be subscribed to: %s, and published to: %s', (text, subscribable, publishable) => {
    expect([isSubscribable(text), isPublishable(text)]).toEqual([subscribable, publishable]);
  });

  test('after any changes the table finds what a search through all subscriptions finds', () => {
    type Subscription = { pattern: string; queue: string | undefined };
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        pattern: fc.oneof(pattern, fc.constantFrom('a', 'a.b', 'b.a')),
        queue: fc.constantFrom(undefined, 'q1', 'q2'),
      }),
      fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }),
      // Few subjects, so that one is looked for again after a change.
      fc.record({ kind: fc.constant('look' as const), subject: fc.constantFrom('a', 'a.b', 'b.a') }),
    );
    const agrees = fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const table = new SubjectTable<Subscription>();
      const present: Subscription[] = [];
      for (const each of changes) {
        if (each.kind === 'add') {
          const subscription = { pattern: each.pattern, queue: each.queue };
          table.add(each.pattern, each.queue, subscription);
          present.push(subscription);
        } else if (each.kind === 'remove') {
          const [gone] = present.splice(each.at % Math.max(1, present.length), 1);
          if (gone !== undefined) table.remove(gone.pattern, gone);
        } else {
          const expected = present.filter((one) => matchesByExpression(one.pattern, each.subject));
          const { plain, groups } = table.match(each.subject);
          expect(new Set(plain)).toEqual(new Set(expected.filter((one) => one.queue === undefined)));
          const queues = new Set(expected.flatMap((one) => one.queue ?? []));
          expect(groups.length).toBe(queues.size);
          for (const group of groups) {
            expect(new Set(group)).toEqual(new Set(expected.filter((one) => one.queue === group[0]?.queue)));
          }
        }
      }
    });
    fc.assert(agrees, { numRuns: 300 });
  });
});
