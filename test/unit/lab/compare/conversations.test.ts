/** Who talks to whom in a comparison. */
import { expect, it } from 'vitest';
import { Conversations, type Place } from '../../../../src/lab/compare/conversations.js';
import type { Visitor } from '../../../../src/lab/compare/visitor.js';
import { Draw } from '../../../../src/lab/workload/draw.js';

/** Places that note who asks, answers and listens, by the number of the conversation. */
function placesOf(names: readonly string[]) {
  const casts = new Map<string, string>();
  const note = (key: string, role: string, at: string) => {
    const name = key.replace(/.*-/, '');
    casts.set(name, `${casts.get(name) ?? ''} ${role} ${at}`.trim());
  };
  const places = names.map((at): Place => {
    const visitor = {
      ask: async (question: string) => note(question, 'asks', at),
      answer: async (question: string) => note(question, 'answers', at),
      listen: async (question: string) => note(question, 'listens', at),
    } as unknown as Visitor;
    return { at, visit: (errand) => errand(visitor) };
  });
  return { places, casts: () => [...casts.values()] };
}

it('every cast comes once before any comes again', async () => {
  const { places, casts } = placesOf(['r1', 'r2', 'r3']);
  await new Conversations(places, 'k', 200, new Draw(1)).run(60, undefined);
  expect(casts()).toHaveLength(12);
  expect(new Set(casts().slice(0, 6)).size).toBe(6);
  expect(new Set(casts().slice(6)).size).toBe(6);
});

it('along a link who asks is where it begins and who listens is where it ends', async () => {
  const { places, casts } = placesOf(['r1', 'r2', 'r3', 'r4']);
  const talks = new Conversations(places, 'k', 200, new Draw(1));
  await talks.run(20, { from: 'r2', to: 'r4' });
  expect(casts().sort()).toEqual([
    'asks r2 answers r1 listens r4',
    'asks r2 answers r1 listens r4',
    'asks r2 answers r3 listens r4',
    'asks r2 answers r3 listens r4',
  ]);
});

it('two replicas are too few for one', async () => {
  const { places } = placesOf(['r1', 'r2']);
  await expect(new Conversations(places, 'k', 100, new Draw(1)).run(10, undefined)).rejects.toThrow(RangeError);
});
