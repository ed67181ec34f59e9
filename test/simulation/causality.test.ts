/** What each view shows of writes that are still on their way. */
import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { Client, failure, putOp, textOf, write } from '../support/requests.js';
import { context, SimulatedCluster } from '../support/simulated-cluster.js';
import { chaos, heal, link, partition } from '../support/weather.js';

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

describe('a causal write at r1', () => {
  it('is read at r2 with its token, while a read without the token may be stale', async () => {
    const { cluster: sim, client } = await cluster(1);
    link(sim, 0, 1, { delayMs: 300 });
    await client.put(0, 'k', 'old');
    await sim.run(1_000);
    const { token } = await client.put(0, 'k', 'new');
    expect(await client.get(1, 'k')).toBe('old');
    expect(await client.get(1, 'k', { level: 'eventual' })).toBe('old');
    expect(await client.get(1, 'k', { token })).toBe('new');
    await sim.stop();
  });

  it('is read with its token at every replica, whatever the links do', async () => {
    const { cluster: sim, client } = await cluster(2);
    chaos(sim, { drop: 0.3, delayMs: 10, jitterMs: 80, duplicate: 0.2 });
    for (let i = 0; i < 20; i += 1) {
      const { token } = await client.put(i % 3, `k${i % 4}`, `${i}`);
      for (const at of [0, 1, 2]) expect(await client.get(at, `k${i % 4}`, { token, timeoutMs: 60_000 })).toBe(`${i}`);
    }
    await sim.stop();
  });

  it('waits at r2 for what its token names before it is applied, so that it can never be seen without it', async () => {
    const { cluster: sim, client } = await cluster(3);
    // Not by way of r3 either.
    link(sim, 0, 1, { delayMs: 200 });
    link(sim, 2, 1, { delayMs: 200 });
    const { token } = await client.put(0, 'cause', 'c');
    const effect = await client.put(1, 'effect', 'e', { token });
    expect(effect.timing.waitMs).toBeGreaterThan(100);
    expect(await client.get(1, 'cause')).toBe('c');
    await sim.stop();
  });
});

describe('a question and its answer', () => {
  /** r1 asks, r2 has read it and answers; the question reaches r3 a second later than the answer. */
  async function asked(seed: number) {
    const { cluster: sim, client } = await cluster(seed);
    link(sim, 0, 2, { delayMs: 1_000 });
    const question = await client.put(0, 'talk/1-question', 'why?');
    const answer = await client.put(1, 'talk/2-answer', 'because', { token: question.token });
    // The answer arrives. The question would be fetched from r2 before long: r3 must not get it there either.
    await sim.run(5);
    link(sim, 1, 2, { delayMs: 1_000 });
    return { sim, client, answer };
  }

  it('are seen in the wrong order at the eventual level, and never at the causal one', async () => {
    const { sim, client } = await asked(4);
    let early = 0;
    for (let i = 0; i < 150; i += 1) {
      const eventual = await client.list(2, 'talk/', 'eventual');
      const causal = await client.list(2, 'talk/', 'causal');
      if (eventual['talk/2-answer'] !== undefined && eventual['talk/1-question'] === undefined) early += 1;
      if (causal['talk/2-answer'] !== undefined) expect(causal['talk/1-question']).toBe('why?');
      await sim.run(10);
    }
    expect(early).toBeGreaterThan(0);
    expect(await client.list(2, 'talk/', 'causal')).toEqual({ 'talk/1-question': 'why?', 'talk/2-answer': 'because' });
    await sim.stop();
  });

  it('that only waits is in no causal read, list or multi-key read, and in every eventual one', async () => {
    const { sim, client } = await asked(5);
    while ((await client.get(2, 'talk/2-answer', { level: 'eventual' })) === undefined) await sim.run(5);
    expect(sim.replica(2).status().buffered).toBe(1);
    const many = async (level: 'eventual' | 'causal') =>
      (await sim.during(sim.replica(2).readMany(['talk/1-question', 'talk/2-answer'], context(level)))).states.map(
        ({ versions }) => versions.map(textOf),
      );
    expect(await many('causal')).toEqual([[], []]);
    expect(await many('eventual')).toEqual([[], ['because']]);
    expect(await client.list(2, 'talk/', 'causal')).toEqual({});
    expect(await client.list(2, 'talk/', 'eventual')).toEqual({ 'talk/2-answer': 'because' });
    expect(await client.get(2, 'talk/2-answer')).toBeUndefined();
    await sim.stop();
  });

  it('the answer read at r3 with its token brings the question with it', async () => {
    const { sim, client, answer } = await asked(6);
    const read = await client.get(2, 'talk/2-answer', { token: answer.token, timeoutMs: 10_000 });
    expect(read).toBe('because');
    expect(await client.get(2, 'talk/1-question')).toBe('why?');
    await sim.stop();
  });
});

describe('an atomic batch', () => {
  it('is never seen in half, at any replica, while the links are chaotic', async () => {
    const { cluster: sim, client } = await cluster(7);
    chaos(sim, { drop: 0.3, delayMs: 5, jitterMs: 60, duplicate: 0.3 });
    const keys = ['a', 'b', 'c'];
    const batches = 40;
    const seen = new Set<string>();
    for (let i = 1; i <= batches; i += 1) {
      await client.write(
        0,
        keys.map((key) => putOp(key, `${i}`)),
      );
      for (const [at, { replica }] of sim.nodes.entries()) {
        if (replica === undefined) continue;
        const read = await sim.during(replica.readMany(keys, context('causal')));
        const listed = Object.values(await client.list(at, '', 'causal'));
        const values = read.states.map(({ versions }) => versions[0] && textOf(versions[0]));
        expect(new Set(values).size, `r${at + 1} after ${i}: ${values.join()}`).toBe(1);
        expect(new Set(listed).size).toBeLessThanOrEqual(1);
        seen.add(`r${at + 1} ${values[0] === `${i}` ? 'fresh' : 'stale'}`);
      }
    }
    expect(seen).toContain('r2 stale');
    await sim.stop();
  });
});

describe('a token of the other side of a partition', () => {
  it('is refused in time, naming exactly what is missing, and served after the heal', async () => {
    const { cluster: sim, client } = await cluster(8);
    await client.put(0, 'k', 'before');
    await sim.run(500);
    partition(sim, [0], [1, 2]);
    await client.put(0, 'k', 'one');
    const { token } = await client.put(0, 'k', 'two');
    const origin = sim.replica(0).status().incarnation;
    const before = sim.time.monotonicMs();
    const refused = await failure(client.get(1, 'k', { token, timeoutMs: 700 }));
    expect(refused.code).toBe('causal-wait-timeout');
    expect(refused.facts.missing).toEqual([{ origin, have: 1, need: 3 }]);
    expect(refused.facts.served).toEqual(['eventual']);
    expect(sim.time.monotonicMs() - before).toBeCloseTo(700, -1);
    const write = await failure(client.put(2, 'k', 'three', { token, timeoutMs: 300 }));
    expect(write.code).toBe('causal-wait-timeout');
    expect(await client.get(1, 'k')).toBe('before');
    heal(sim);
    expect(await client.get(1, 'k', { token })).toBe('two');
    await sim.stop();
  });

  it('serves sessions that stay on their side, on both sides', async () => {
    const { cluster: sim, client } = await cluster(9);
    partition(sim, [0], [1, 2]);
    const left = await client.put(0, 'k', 'left');
    const right = await client.put(1, 'k', 'right');
    expect(await client.get(0, 'k', { token: left.token })).toBe('left');
    expect(await client.get(2, 'k', { token: right.token })).toBe('right');
    heal(sim);
    await sim.converge(10_000);
    const [first, second] = await client.siblings(0, 'k');
    expect([first, second].sort()).toEqual(['left', 'right']);
    for (const at of [1, 2]) expect(await client.siblings(at, 'k')).toEqual([first, second]);
    await sim.stop();
  });

  it('that names what can never be is refused at once', async () => {
    const { cluster: sim } = await cluster(10);
    const { incarnation } = sim.replica(0).status();
    const token = VersionVector.of([[incarnation, 1_000]]);
    const refused = await failure(write(sim.replica(0), [putOp('k', 'v')], { token }));
    expect(refused.code).toBe('invalid-causal-token');
    await sim.stop();
  });
});
