/** What a linearizable request shows of several keys hangs together, like everything else that is shown at once. */
import { describe, expect, it } from 'vitest';
import { OrderedCluster } from '../support/ordered-cluster.js';
import { asking, textsOf, weakly, write } from '../support/ordered-requests.js';
import { putOp } from '../support/requests.js';

/**
 * A read at r2 that has passed its barrier and waits for the log; meanwhile a weaker write that r2 cannot get, and a
 * linearizable one that depends on it, which comes to r2 together with the entry that the read waits for.
 */
async function overtaken(list: boolean) {
  const cluster = new OrderedCluster(31);
  const { member, ordered } = cluster.node(1);
  await cluster.run(300);
  member.isLagging = true;
  await cluster.during(write(cluster, 0, [putOp('answer', 'none yet')]));
  const keys = ['answer', 'question'];
  const reading = list
    ? ordered.list({ prefix: '', after: '', limit: 10 }, asking())
    : ordered.readMany(keys, asking());
  await cluster.run(20);
  cluster.silentLinks.add('r1>r2').add('r3>r2');
  const asked = await cluster.during(weakly(cluster, 0, putOp('question', 'why?'), { durability: 'majority' }));
  await cluster.during(write(cluster, 0, [putOp('answer', 'because')], { token: asked.token }));
  // Both entries at once: a copy of the state takes the place of the log.
  member.jump(cluster.node(0).member);
  let isAnswered = false;
  const states = reading.then((result) => {
    isAnswered = true;
    return result.states.map(({ key, versions }) => [key, ...textsOf(versions)]);
  });
  await cluster.run(200);
  const wasEarly = isAnswered;
  cluster.heal();
  return { wasEarly, states: await cluster.during(states) };
}

describe('a linearizable read of several keys', () => {
  it.each([
    ['several keys', false],
    ['a range', true],
  ])('shows no answer without its question: %s', async (_, list) => {
    const { wasEarly, states } = await overtaken(list);
    expect(states).toEqual([
      ['answer', 'because'],
      ['question', 'why?'],
    ]);
    expect(wasEarly).toBe(false);
  });
});
