/** Bugs other systems had with retries, unknown outcomes and tokens, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/errors.js';
import { OrderedCluster } from '../support/ordered-cluster.js';
import { OrderedLog } from '../support/ordered-log.js';
import { command, shown, write } from '../support/ordered-requests.js';
import { Client, failure, putOp } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';
import { partition } from '../support/weather.js';
import { problem, tokenOf, value } from '../unit/client/answers-of-replicas.js';
import { DEAD_URL, rejection, replica, testClient } from '../unit/client/test-client.js';

describe('known bug 28: a retry is applied twice', () => {
  it('a request whose answer was lost has one effect, though it is sent again to another replica under another leader', async () => {
    const cluster = new OrderedCluster(1);
    cluster.order.fates.push('commit-silently');
    cluster.node(0).member.isLagging = true;
    const first = write(cluster, 0, [putOp('k', 'once')], { idempotencyKey: 'request', timeoutMs: 300 });
    expect((await cluster.during(failure(first))).code).toBe('outcome-unknown');
    cluster.heal();
    await cluster.during(write(cluster, 2, [putOp('k', 'later')]));
    cluster.order.elect(1);
    await cluster.run(100);
    const again = await cluster.during(write(cluster, 1, [putOp('k', 'once')], { idempotencyKey: 'request' }));
    expect(again.etag).toBe('"log.1"');
    for (const at of [0, 1, 2]) expect(await shown(cluster, at, 'k')).toEqual(['later']);
  });

  it('nor is a number handed out twice to one request', async () => {
    const cluster = new OrderedCluster(2);
    cluster.order.fates.push('commit-silently');
    cluster.node(0).member.isLagging = true;
    const next = { kind: 'next', sequence: 's' } as const;
    const first = command(cluster, 0, next, { idempotencyKey: 'request', timeoutMs: 300 });
    expect((await cluster.during(failure(first))).code).toBe('outcome-unknown');
    cluster.heal();
    const answers = [];
    for (const idempotencyKey of ['request', 'other', 'request']) {
      answers.push((await cluster.during(command(cluster, 1, next, { idempotencyKey }))).answer);
    }
    expect(answers).toMatchObject([{ value: 1 }, { value: 2 }, { value: 1 }]);
  });

  it('what is remembered of a request does not give way to others, however many there are', () => {
    const log = new OrderedLog();
    const retry = (key: string) => ({ retry: { key, fingerprint: 'f' } });
    log.put('k', 'once', retry('request'));
    for (let i = 0; i < 400; i += 1) log.put('k', `${i}`, retry(`other-${i}`));
    expect(log.put('k', 'once', retry('request'))).toMatchObject({ replayed: true, outcome: { dot: { counter: 1 } } });
    expect(log.shown('k')).toBe('399');
  });
});

describe('known bug 29: an unknown outcome is told as a failure', () => {
  it.each(['commit-silently', 'commit-unknown', 'lost-silently', 'lost-unknown'] as const)(
    'a write that left and of which nothing is known has an unknown outcome (%s)',
    async (fate) => {
      const cluster = new OrderedCluster(3);
      cluster.order.fates.push(fate);
      cluster.node(1).member.isLagging = true;
      const refused = await cluster.during(failure(write(cluster, 1, [putOp('k', 'v')], { timeoutMs: 400 })));
      expect(ERRORS[refused.code]).toMatchObject({ status: 504, outcome: 'unknown' });
      cluster.heal();
      expect(await shown(cluster, 2, 'k')).toEqual(fate.startsWith('commit') ? ['v'] : []);
    },
  );

  it('a write that was refused before it left is a failure, and never comes to be', async () => {
    const cluster = new OrderedCluster(4);
    cluster.order.leader = undefined;
    const refused = await cluster.during(failure(write(cluster, 1, [putOp('k', 'v')], { timeoutMs: 400 })));
    expect(ERRORS[refused.code]).toMatchObject({ status: 503, outcome: 'not-applied' });
    cluster.order.elect(0);
    await cluster.run(1_000);
    expect(cluster.order.arrived).toEqual([]);
    expect(await shown(cluster, 2, 'k')).toEqual([]);
  });

  it('no answer with 503 leaves anything open, and 504 always does', () => {
    for (const { status, outcome } of Object.values(ERRORS)) {
      if (status === 503) expect(outcome).toBe('not-applied');
      if (status === 504) expect(outcome).toBe('unknown');
    }
  });
});

describe('known bug 34: a token is lost on failover or by a retry', () => {
  it('a session that goes on at another replica sends its token there, with every attempt', async () => {
    const token = tokenOf({ r1: 7 });
    const r2 = await replica(problem('causal-wait-timeout'), problem('overloaded'), value('v'));
    const session = testClient([DEAD_URL, r2.url]).client.session(token);
    await session.get('k');
    expect(r2.requests.map(({ headers }) => headers['causal-token'])).toEqual([token, token, token]);
    expect(session.token).toBe(tokenOf({ r1: 7 }));
  });

  it('an answer from which somebody has taken the token is not believed', async () => {
    const r1 = await replica({ headers: { ETag: '"x"', 'Version-Timestamp': '1.0' }, body: 'old' });
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 7 }));
    expect(await rejection(session.get('k'))).toMatchObject({ code: 'protocol-violation' });
  });

  it('another replica does not answer a token with less than it names', async () => {
    const sim = new SimulatedCluster({ seed: 34 });
    await sim.start();
    const client = new Client(sim);
    await client.put(0, 'k', 'old');
    await sim.run(500);
    partition(sim, [0], [1, 2]);
    const { token } = await client.put(0, 'k', 'mine');
    await sim.crash(sim.node(0));
    expect((await failure(client.get(1, 'k', { token, timeoutMs: 500 }))).code).toBe('causal-wait-timeout');
    await sim.open(sim.node(0));
    await sim.converge(20_000);
    expect(await client.get(1, 'k', { token })).toBe('mine');
    await sim.stop();
  });
});
