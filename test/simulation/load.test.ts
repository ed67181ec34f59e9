/** More requests than a replica can take, and requests at its end. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../src/base/errors.js';
import { makeOrigin } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { Client, failure, metric, putOp, write } from '../support/requests.js';
import { context, SimulatedCluster } from '../support/simulated-cluster.js';
import { link } from '../support/weather.js';

/** How requests end, by error code or `ok`, once they have. */
async function ends(requests: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(requests)) {
    const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
    const name = reason instanceof CausewayError ? reason.code : reason === undefined ? 'ok' : String(reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function cluster(options: ConstructorParameters<typeof SimulatedCluster>[0]): Promise<SimulatedCluster> {
  const sim = new SimulatedCluster(options);
  await sim.start();
  await sim.run(500);
  return sim;
}

describe('more writes than may wait for storage', () => {
  it('are refused as overloaded, and all others are served', async () => {
    const sim = await cluster({ seed: 1, replicas: 1 });
    const count = LIMITS.pendingWritesMax + 500;
    const writes = Array.from({ length: count }, (_, i) => write(sim.replica(0), [putOp(`k${i % 1_000}`, `${i}`)]));
    expect(metric(sim.replica(0), 'pending_writes')).toBeLessThanOrEqual(LIMITS.pendingWritesMax);
    expect(await sim.during(ends(writes))).toEqual({ ok: LIMITS.pendingWritesMax, overloaded: 500 });
    expect((await new Client(sim).put(0, 'k', 'again')).replayed).toBe(false);
    expect(sim.replica(0).status().keys).toBe(1_001);
    await sim.stop();
  });

  it('or more bytes of them, too', async () => {
    const sim = await cluster({ seed: 2, replicas: 1 });
    const bytes = 'x'.repeat(LIMITS.valueMaxBytes);
    const fit = Math.floor(LIMITS.pendingWritesMaxBytes / (LIMITS.valueMaxBytes + 200));
    const writes = Array.from({ length: fit + 20 }, (_, i) => write(sim.replica(0), [putOp(`k${i % 3}`, bytes)]));
    const { ok, overloaded } = await sim.during(ends(writes));
    expect([ok, overloaded]).toEqual([fit, 20]);
    await sim.stop();
  });

  it('while storage does not answer: those it has have an unknown outcome, the others were not applied', async () => {
    let isStuck = false;
    const sim = await cluster({ seed: 3, replicas: 1, flushMs: () => (isStuck ? 60_000 : 1) });
    isStuck = true;
    const first = write(sim.replica(0), [putOp('k', '1')], { timeoutMs: 2_000 });
    await sim.run(10);
    const second = write(sim.replica(0), [putOp('k', '2')], { timeoutMs: 2_000 });
    expect((await sim.during(failure(first))).code).toBe('outcome-unknown');
    const refused = await sim.during(failure(second));
    expect([refused.code, refused.entry.outcome]).toEqual(['overloaded', 'not-applied']);
    isStuck = false;
    await sim.run(70_000);
    expect(await new Client(sim).siblings(0, 'k')).toEqual(['1']);
    await sim.stop();
  });
});

describe('more waiting requests than there may be', () => {
  it('are refused as overloaded, and the others in time', async () => {
    const sim = await cluster({ seed: 4 });
    const token = VersionVector.of([[makeOrigin(sim.node(1).id, 99), 1]]);
    const reads = Array.from({ length: LIMITS.waitersMax + 100 }, () =>
      sim.replica(0).read('k', context('causal', token, 300)),
    );
    expect(metric(sim.replica(0), 'waiting_requests')).toBe(LIMITS.waitersMax);
    expect(await sim.during(ends(reads))).toEqual({ 'causal-wait-timeout': LIMITS.waitersMax, overloaded: 100 });
    expect(metric(sim.replica(0), 'waiting_requests')).toBe(0);
    await sim.stop();
  });
});

describe('a batch larger than a message', () => {
  it('is refused, and the largest that fits reaches every replica', async () => {
    const sim = await cluster({ seed: 5 });
    const client = new Client(sim);
    const large = (bytes: number) => [putOp('a', 'x'.repeat(bytes / 2)), putOp('b', 'x'.repeat(bytes / 2))];
    expect((await failure(client.write(0, large(LIMITS.groupMaxBytes)))).code).toBe('value-too-large');
    const { token } = await client.write(0, large(LIMITS.groupMaxBytes - 1_024));
    expect((await client.get(2, 'b', { token }))?.length).toBe(LIMITS.groupMaxBytes / 2 - 512);
    await sim.stop();
  });
});

describe('a replica that drains', () => {
  it('ends what is in flight, fails what only waits for causes, and refuses what is new', async () => {
    const sim = await cluster({ seed: 6 });
    link(sim, 0, 1, { delayMs: 400 });
    link(sim, 0, 2, { delayMs: 400 });
    const replica = sim.replica(0);
    const flying = Array.from({ length: 20 }, (_, i) => write(replica, [putOp(`k${i}`, 'v')]));
    const slow = write(replica, [putOp('slow', 'v')], { durability: 'all' });
    const token = VersionVector.of([[makeOrigin(sim.node(1).id, 99), 1]]);
    const waiting = ends([replica.read('k', context('causal', token)), write(replica, [putOp('k', 'v')], { token })]);
    await sim.run(0);
    const drained = replica.drain();
    expect(replica.readiness('eventual')).toEqual({ ready: false, reason: 'shutting down' });
    const late = ends([
      replica.read('k', context('eventual')),
      replica.read('k', context('causal')),
      replica.readMany(['k'], context('eventual')),
      replica.list({ prefix: '', after: '', limit: 1 }, context('eventual')),
      write(replica, [putOp('k', 'late')]),
    ]);
    await sim.during(drained);
    expect(await late).toEqual({ 'shutting-down': 5 });
    expect(await waiting).toEqual({ 'shutting-down': 2 });
    expect(await ends(flying)).toEqual({ ok: 20 });
    expect((await slow).durability).toBe('all');
    await sim.close(sim.node(0));
    await sim.open(sim.node(0));
    const client = new Client(sim);
    for (const key of ['k0', 'k19', 'slow']) expect(await client.get(0, key)).toBe('v');
    await sim.converge(10_000);
    await sim.stop();
  });

  it('does not wait for ever for a write that cannot reach its durability', async () => {
    const sim = await cluster({ seed: 7 });
    for (const to of [1, 2]) link(sim, 0, to, { drop: 1 });
    const stuck = ends([write(sim.replica(0), [putOp('k', 'v')], { durability: 'all', timeoutMs: 60_000 })]);
    await sim.run(50);
    const startedMs = sim.time.monotonicMs();
    await sim.during(sim.replica(0).drain());
    expect(sim.time.monotonicMs() - startedMs).toBeLessThan(LIMITS.drainMaxMs + 1_000);
    await sim.close(sim.node(0));
    await sim.run(60_000);
    expect(await stuck).toEqual({ 'outcome-unknown': 1 });
    await sim.stop();
  });
});
