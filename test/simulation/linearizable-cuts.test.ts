/** What a linearizable request shows of several keys hangs together, like everything else that is shown at once. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import type { CausewayError } from '../../src/base/errors.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { TxnRequest, TxnResult } from '../../src/replica/ordered-handle.js';
import { OrderedCluster } from '../support/ordered-cluster.js';
import { type Asked, asking, read, textsOf, weakly, write } from '../support/ordered-requests.js';
import { putOp, textOf } from '../support/requests.js';

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

const get = (key: string) => ({ kind: 'get', key }) as const;
const LOOK: TxnRequest = { checks: [], onSuccess: [get('answer'), get('question')], onFailure: [] };

/** An answer through the log to a weaker question. */
async function answerOf(cluster: OrderedCluster): Promise<void> {
  const asked = await cluster.during(weakly(cluster, 0, putOp('question', 'why?'), { durability: 'majority' }));
  await cluster.during(write(cluster, 0, [putOp('answer', 'because')], { token: asked.token }));
}

/** Question and answer as one weaker batch, of which a read elsewhere takes the answer into the log. */
async function batchOf(cluster: OrderedCluster): Promise<void> {
  const ops = [putOp('question', 'why?'), putOp('answer', 'because')];
  const context = { level: 'causal', timeoutMs: 5_000, token: VersionVector.EMPTY } as const;
  await cluster.during(cluster.node(0).writes.write({ ops, durability: 'majority' }, context));
  await cluster.during(read(cluster, 2, 'answer'));
}

/**
 * A transaction at r2 that has passed its barrier and cannot reach the log; meanwhile `overtake` changes a key through the
 * log, by what r2 cannot get.
 */
async function overtakenTxn(
  overtake: (cluster: OrderedCluster) => Promise<void>,
  request: TxnRequest,
  asked: Asked = {},
) {
  const cluster = new OrderedCluster(32);
  const { member, ordered } = cluster.node(1);
  await cluster.run(300);
  await cluster.during(write(cluster, 0, [putOp('answer', 'none yet')]));
  await cluster.run(50);
  member.isCut = true;
  const { idempotencyKey } = asked;
  const retry = idempotencyKey === undefined ? {} : { idempotencyKey };
  const answer = ordered.txn({ ...request, ...retry }, asking(asked));
  let isAnswered = false;
  const mark = () => {
    isAnswered = true;
  };
  answer.then(mark, mark);
  await cluster.run(20);
  cluster.silentLinks.add('r1>r2').add('r3>r2');
  await overtake(cluster);
  member.isCut = false;
  member.catchUp();
  await cluster.run(200);
  return { cluster, ordered, answer, wasEarly: isAnswered };
}

function resultsOf({ succeeded, results }: TxnResult) {
  const shown = results.map((result) => (result.kind === 'found' ? textOf(result.version) : result.kind));
  return [succeeded, ...shown];
}

const OVERTAKERS = [
  ['no answer without its question', answerOf],
  ['no half of a weaker batch', batchOf],
] as const;

describe('a transaction on several keys', () => {
  it.each(OVERTAKERS)('shows %s', async (_, overtake) => {
    const { cluster, answer, wasEarly } = await overtakenTxn(overtake, LOOK);
    cluster.heal();
    expect(resultsOf(await cluster.during(answer))).toEqual([true, 'because', 'why?']);
    expect(wasEarly).toBe(false);
  });

  it.each(OVERTAKERS)('decides on %s', async (_, overtake) => {
    const checks = [
      { key: 'answer', condition: { kind: 'value', bytes: utf8Encode('because') } },
      { key: 'question', condition: { kind: 'absent' } },
    ] as const;
    const request = { checks, onSuccess: [putOp('verdict', 'a state that never was')], onFailure: [get('question')] };
    const { cluster, answer } = await overtakenTxn(overtake, request);
    cluster.heal();
    expect(resultsOf(await cluster.during(answer))).toEqual([false, 'why?']);
    expect((await cluster.during(read(cluster, 0, 'verdict'))).state.versions).toEqual([]);
  });

  it('is applied once under its Idempotency-Key, and remembered as it was in the end', async () => {
    const request = { ...LOOK, onSuccess: [...LOOK.onSuccess, putOp('verdict', 'settled')] };
    const { cluster, ordered, answer } = await overtakenTxn(answerOf, request, { idempotencyKey: 'r' });
    cluster.heal();
    const first = await cluster.during(answer);
    const again = await cluster.during(ordered.txn({ ...request, idempotencyKey: 'r' }, asking()));
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(resultsOf(again)).toEqual([true, 'because', 'why?', 'written']);
    expect([again.results, again.etag]).toEqual([first.results, first.etag]);
  });

  it('waits no longer than it may, says what it waited for, and has then done nothing', async () => {
    const request = { ...LOOK, onSuccess: [...LOOK.onSuccess, putOp('verdict', 'settled')] };
    const { cluster, answer } = await overtakenTxn(answerOf, request, { timeoutMs: 2_000 });
    const error = await cluster.during(answer.catch((reason: CausewayError) => reason));
    expect(error).toMatchObject({ code: 'causal-wait-timeout', facts: { missing: [{ need: 1 }] } });
    cluster.heal();
    expect((await cluster.during(read(cluster, 0, 'verdict'))).state.versions).toEqual([]);
  });

  it('tells the log what its proposer knew only where its answer shows several keys', async () => {
    const cluster = new OrderedCluster(33);
    const { ordered } = cluster.node(0);
    await cluster.during(weakly(cluster, 0, putOp('question', 'why?')));
    await cluster.during(ordered.txn({ ...LOOK, onSuccess: [get('answer')] }, asking()));
    await cluster.during(write(cluster, 0, [putOp('answer', '1'), putOp('verdict', '1')]));
    await cluster.during(ordered.txn(LOOK, asking()));
    const known = cluster.order.arrived.map((entry) => entry.known?.toJSON());
    expect(known).toEqual([undefined, undefined, { [cluster.node(0).origin]: 1 }]);
  });
});
