/** Requests that are sent again under their Idempotency-Key: one effect, one answer, wherever the retry arrives. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/limits.js';
import { Client, failure, putOp, write } from '../support/requests.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, link, partition } from '../support/weather.js';

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

/** Heal, converge, and demand the same versions of `key`, and the same bytes of all, everywhere. */
async function settled(sim: SimulatedCluster, client: Client, key: string): Promise<(string | undefined)[]> {
  await sim.converge(20_000);
  const versions = await client.siblings(0, key);
  for (const node of sim.nodes) {
    expect(sim.contents(node) === sim.contents(sim.node(0)), `${node.id} differs from r1`).toBe(true);
  }
  return versions;
}

const ONCE = { idempotencyKey: 'once' };

describe('a retry with the same Idempotency-Key and body', () => {
  it('gets the answer of the first, at the same replica and at another after propagation', async () => {
    const { cluster: sim, client } = await cluster(1);
    const first = await client.put(0, 'k', 'v', ONCE);
    expect(first.replayed).toBe(false);
    const again = await client.put(0, 'k', 'v', ONCE);
    expect([again.etag, again.hlc, again.replayed]).toEqual([first.etag, first.hlc, true]);
    const elsewhere = await client.put(1, 'k', 'v', { ...ONCE, token: first.token });
    expect([elsewhere.etag, elsewhere.replayed]).toEqual([first.etag, true]);
    expect(elsewhere.token.includes(first.token)).toBe(true);
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    await sim.stop();
  });

  it('gets it also after a crash and restart of the replica, and long after everything was forgotten', async () => {
    const { cluster: sim, client } = await cluster(2);
    const first = await client.put(0, 'k', 'v', ONCE);
    await sim.crash(sim.node(0));
    await sim.open(sim.node(0));
    expect((await client.put(0, 'k', 'v', ONCE)).etag).toBe(first.etag);
    await sim.converge(20_000);
    await sim.run(10_000);
    expect((await client.put(2, 'k', 'v', ONCE)).etag).toBe(first.etag);
    await sim.stop();
  });

  it('waits for the durability it asks for, and gets the first answer', async () => {
    const { cluster: sim, client } = await cluster(3);
    partition(sim, [0], [1, 2]);
    const spec = { ...ONCE, durability: 'majority', timeoutMs: 500 } as const;
    expect((await failure(client.put(0, 'k', 'v', spec))).code).toBe('outcome-unknown');
    const local = await client.put(0, 'k', 'v', ONCE);
    heal(sim);
    await sim.run(1_000);
    const retried = await client.put(0, 'k', 'v', spec);
    expect([retried.etag, retried.replayed, retried.durability]).toEqual([local.etag, true, 'majority']);
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    await sim.stop();
  });

  it('is a new request after the window, and what was kept of the first is dropped', async () => {
    const { cluster: sim, client } = await cluster(4);
    const first = await client.put(0, 'k', 'v', ONCE);
    await sim.converge(20_000);
    sim.time.setWallMs(sim.time.wallMs() + LIMITS.idempotencyWindowMs + 60_000);
    const later = await client.put(1, 'k', 'v', ONCE);
    expect([later.replayed, later.etag === first.etag]).toEqual([false, false]);
    await client.put(1, 'other', 'v', { idempotencyKey: 'other' });
    sim.time.setWallMs(sim.time.wallMs() + LIMITS.idempotencyWindowMs + 2 * 60 * 60 * 1000);
    await sim.run(3 * LIMITS.auditIntervalMs);
    for (const node of sim.nodes) expect(sim.contents(node, 'retries')).toBe('');
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    await sim.stop();
  });
});

describe('another request with a used Idempotency-Key', () => {
  it('is refused, at every replica that knows of the first', async () => {
    const { cluster: sim, client } = await cluster(5);
    const { token } = await client.put(0, 'k', 'v', ONCE);
    for (const at of [0, 1]) {
      const refused = await failure(client.put(at, 'k', 'w', { ...ONCE, token }));
      expect([refused.code, refused.entry.status]).toEqual(['idempotency-key-reused', 422]);
      expect((await failure(client.delete(at, 'k', { ...ONCE, token }))).code).toBe('idempotency-key-reused');
    }
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    await sim.stop();
  });

  it('accepted at a replica that could not know of the first is kept, as the first is', async () => {
    const { cluster: sim, client } = await cluster(6);
    partition(sim, [0], [1], [2]);
    await client.put(0, 'k', 'v', ONCE);
    await client.put(1, 'l', 'w', ONCE);
    await client.put(2, 'k', 'v', ONCE);
    heal(sim);
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    expect(await client.siblings(2, 'l')).toEqual(['w']);
    await sim.stop();
  });
});

describe('a duplicate of a request that is still in progress', () => {
  it('is told so, and gets the answer once there is one', async () => {
    const { cluster: sim, client } = await cluster(7);
    link(sim, 0, 1, { delayMs: 300 });
    link(sim, 0, 2, { delayMs: 300 });
    const spec = { ...ONCE, durability: 'majority' } as const;
    const first = write(sim.replica(0), [putOp('k', 'v')], spec);
    await sim.run(100);
    const refused = await failure(write(sim.replica(0), [putOp('k', 'v')], spec));
    expect([refused.code, refused.entry.retryable]).toEqual(['idempotency-in-progress', true]);
    const other = await failure(write(sim.replica(0), [putOp('k', 'w')], spec));
    expect(other.code).toBe('idempotency-key-reused');
    const { etag } = await sim.during(first);
    expect((await client.put(0, 'k', 'v', spec)).etag).toBe(etag);
    await sim.stop();
  });

  it('is a request of its own if the first was refused', async () => {
    const { cluster: sim, client } = await cluster(8);
    partition(sim, [0], [1, 2]);
    await sim.run(2_000);
    expect((await failure(client.put(0, 'k', 'v', { ...ONCE, durability: 'majority' }))).code).toBe('no-quorum');
    expect((await client.put(0, 'k', 'v', ONCE)).replayed).toBe(false);
    await sim.stop();
  });
});

describe('a retry at another replica that does not know of the first', () => {
  it('ends as one version everywhere, without siblings', async () => {
    const { cluster: sim, client } = await cluster(9);
    partition(sim, [0], [1], [2]);
    const etags = new Set<string>();
    for (const at of [0, 1, 2]) etags.add((await client.put(at, 'k', 'v', { ...ONCE, level: 'eventual' })).etag);
    expect(etags.size).toBe(3);
    heal(sim);
    expect(await settled(sim, client, 'k')).toEqual(['v']);
    await sim.stop();
  });

  it('never undoes a write that came after the first, however late it arrives', async () => {
    const { cluster: sim, client } = await cluster(10);
    partition(sim, [0, 1], [2]);
    const first = await client.put(0, 'k', 'v', ONCE);
    const after = await client.put(1, 'k', 'over', { token: first.token });
    await sim.run(1_000);
    expect((await client.put(2, 'k', 'v', ONCE)).replayed).toBe(false);
    heal(sim);
    expect(await settled(sim, client, 'k')).toEqual(['over']);
    expect(await client.get(2, 'k', { token: after.token })).toBe('over');
    await sim.stop();
  });

  it('never undoes a write that came after the retry, and then meets the first', async () => {
    const { cluster: sim, client } = await cluster(11);
    partition(sim, [0], [1, 2]);
    await client.put(0, 'k', 'v', ONCE);
    const retry = await client.put(1, 'k', 'v', ONCE);
    await client.delete(2, 'k', { token: retry.token });
    heal(sim);
    const versions = await settled(sim, client, 'k');
    expect(versions.filter((value) => value !== undefined)).toEqual([]);
    await sim.stop();
  });

  it('is still one write when one side overwrites it and the other does not', async () => {
    const { cluster: sim, client } = await cluster(12);
    partition(sim, [0], [1], [2]);
    const batch = [putOp('a', '1'), putOp('b', '1')];
    for (const at of [0, 1]) await client.write(at, batch, ONCE);
    await client.put(1, 'a', '2');
    await client.put(2, 'b', '3');
    heal(sim);
    expect(await settled(sim, client, 'a')).toEqual(['2']);
    const b = await client.siblings(0, 'b');
    expect([...b].sort()).toEqual(['1', '3']);
    await sim.stop();
  });
});
