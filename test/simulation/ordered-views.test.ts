/** Weaker writes and entries of one total order on the same keys, through crashes, cuts and copies of the state. */
import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { Command } from '../../src/keyspace/ordered/command.js';
import { encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { OrderedCluster, type OrderedNode } from '../support/machine-cluster.js';
import { entryOf, putOp } from '../support/ordered-log.js';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

function put(key: string, value: string): Command {
  return { kind: 'write', op: putOp(key, value), condition: undefined };
}

function remove(key: string): Command {
  return { kind: 'write', op: { kind: 'delete', key }, condition: undefined };
}

/** One thing that happens, drawn by the cluster's seed. */
function step(sim: OrderedCluster, n: number): void {
  const { random } = sim;
  const node = sim.node(random.int(3));
  const key = random.pick(KEYS);
  const draw = random.int(100);
  if (node.process === undefined && random.chance(0.4)) sim.open(node);
  if (draw < 35) sim.write(node, key, random.chance(0.3) ? undefined : `w${n}`);
  else if (draw < 65) sim.propose(node, random.chance(0.3) ? remove(key) : put(key, `l${n}`));
  else if (draw < 70) sim.log.push(undefined);
  else if (draw < 78) {
    const command: Command = {
      kind: 'txn',
      checks: [{ key, condition: { kind: 'exists' } }],
      onSuccess: [putOp(key, `t${n}`), { kind: 'delete', key: 'f' }],
      onFailure: [putOp('f', `f${n}`)],
    };
    sim.propose(node, command);
  } else if (draw < 83) sim.crash(node);
  else if (draw < 89) node.logCut = !node.logCut;
  else if (draw < 94) node.planeCut = !node.planeCut;
  else void sim.install(node, mostAdvanced(sim));
}

function mostAdvanced(sim: OrderedCluster): OrderedNode {
  return sim.nodes.reduce((best, node) => ((node.process?.fed ?? 0) > (best.process?.fed ?? 0) ? node : best));
}

function expectEqualViews(sim: OrderedCluster): void {
  const [first, ...rest] = sim.nodes.map((node) => sim.views(node));
  for (const views of rest) expect(views).toEqual(first);
}

describe('the two views', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'are byte-equal everywhere at the end, and sound all along (seed %i)',
    async (seed) => {
      const sim = new OrderedCluster(seed);
      for (const node of sim.nodes) sim.open(node);
      for (let n = 0; n < 400; n += 1) {
        step(sim, n);
        await sim.run(sim.random.float() * 40);
        if (n % 10 === 0) sim.check();
      }
      await sim.settle();
      sim.check();
      const { adopted, installed, waited } = sim.counts;
      expect(
        [adopted, installed, waited].every((count) => count > 0),
        JSON.stringify(sim.counts),
      ).toBe(true);
      // What is deleted is forgotten, and then no deletion is left in either view.
      await sim.run(6 * LIMITS.auditIntervalMs);
      await sim.settle();
      expectEqualViews(sim);
    },
  );

  it('forget deletions of either level in both, by one entry or two, and then the log is at rest', async () => {
    const sim = new OrderedCluster(21);
    for (const node of sim.nodes) sim.open(node);
    await sim.run(300);
    for (const key of KEYS) sim.write(sim.node(1), key, 'v');
    await sim.run(200);
    // `a` is deleted in the log, `b` by a weaker write after the log has adopted its value.
    sim.propose(sim.node(0), remove('a'));
    sim.propose(sim.node(2), put('b', 'ordered'));
    await sim.run(300);
    sim.write(sim.node(0), 'b', undefined);
    sim.write(sim.node(0), 'c', undefined);
    await sim.run(8_000);
    const [views] = sim.nodes.map((node) => sim.views(node));
    expectEqualViews(sim);
    const hex = (key: string) => Buffer.from(key).toString('hex');
    expect(views?.causal.split('\n').map((line) => line.split(' ')[0])).toEqual([hex('d'), hex('e')]);
    expect(views?.ordered.split('\n').filter((line) => line.startsWith('01'))).toEqual([]);
    const length = sim.log.length;
    expect(length).toBeLessThan(8);
    await sim.run(20_000);
    expect(sim.log.length).toBe(length);
    expect(sim.counts.stale).toBe(0);
  });

  it('forget nothing, and write nothing about it, while somebody may not have the deletion', async () => {
    const sim = new OrderedCluster(23);
    for (const node of sim.nodes) sim.open(node);
    await sim.run(300);
    sim.propose(sim.node(0), put('a', 'v'));
    sim.write(sim.node(1), 'b', 'v');
    await sim.run(500);
    sim.node(2).planeCut = true;
    sim.write(sim.node(0), 'a', undefined);
    sim.write(sim.node(0), 'b', undefined);
    await sim.run(10_000);
    expect(sim.log.length).toBe(1);
    expect(sim.views(sim.node(0)).causal.split('\n').length).toBe(2);
    await sim.settle();
    await sim.run(8_000);
    expect(sim.nodes.map((node) => sim.views(node).causal)).toEqual(['', '', '']);
    expect(sim.log.length).toBe(2);
  });

  it('forget what was deleted before everybody was restarted', async () => {
    const sim = new OrderedCluster(22);
    for (const node of sim.nodes) sim.open(node);
    await sim.run(300);
    sim.propose(sim.node(0), put('a', 'v'));
    sim.propose(sim.node(0), remove('a'));
    sim.write(sim.node(1), 'b', undefined);
    await sim.run(150);
    for (const node of sim.nodes) {
      sim.crash(node);
      sim.open(node);
    }
    await sim.run(12_000);
    for (const node of sim.nodes) {
      const { causal, ordered } = sim.views(node);
      expect([causal, ordered.split('\n').filter((line) => line.startsWith('01'))]).toEqual(['', []]);
    }
  });
});

describe('groups of the log', () => {
  it('are never lost by a replica that is alone, at whatever moment it is killed', async () => {
    for (let seed = 100; seed < 112; seed += 1) {
      const sim = new OrderedCluster(seed, 1, 20);
      const node = sim.node(0);
      sim.open(node);
      for (let n = 0; n < 60; n += 1) {
        sim.log.push(encodeEntry(entryOf({ command: put(`k${n % 7}`, `${n}`) })));
        await sim.run(sim.random.float() * 15);
        if (!sim.random.chance(0.3)) continue;
        sim.crash(node);
        sim.open(node);
      }
      await sim.settle(5_000);
      const { causal, ordered } = sim.views(node);
      expect(causal.split('\n').length).toBe(7);
      expect(ordered.split('\n').filter((line) => line.startsWith('01')).length).toBe(7);
    }
  });

  it('that wait for a cause still wait after a restart, without asking anybody', async () => {
    const { sim, node } = await waiting(31);
    expect(buffered(node)).toBe(2);
    sim.crash(node);
    sim.open(node);
    await sim.run(100);
    expect(buffered(node)).toBe(2);
    expect(node.process?.driver.plane.durable.get(LOG_ORIGIN)).toBe(0);
    await sim.settle();
    expectEqualViews(sim);
    for (const { process } of sim.nodes) expect(process?.audit.repaired).toBe(0);
  });

  it('are not asked of peers while our own log moves, and are when it stands still', async () => {
    const sim = new OrderedCluster(32);
    for (const node of sim.nodes) sim.open(node);
    await sim.run(500);
    for (let n = 0; n < 100; n += 1) {
      sim.propose(sim.node(n), put('a', `${n}`));
      await sim.run(20);
    }
    await sim.settle();
    for (const { process } of sim.nodes) expect(process?.driver.plane.counters.fetches).toBe(0);
    const behind = sim.node(2);
    behind.logCut = true;
    sim.propose(sim.node(0), put('a', 'last'));
    await sim.run(LIMITS.logGroupGraceMs / 2);
    expect(behind.process?.driver.plane.durable.get(LOG_ORIGIN)).toBe(100);
    await sim.run(LIMITS.logGroupGraceMs * 2);
    expect(behind.process?.driver.plane.durable.get(LOG_ORIGIN)).toBe(sim.log.length);
    expect(behind.process?.machine.applied).toBe(100);
    await sim.settle();
    expectEqualViews(sim);
  });

  it('come from peers after a copy of the state was installed', async () => {
    const sim = new OrderedCluster(33);
    for (const node of sim.nodes) sim.open(node);
    const behind = sim.node(2);
    sim.crash(behind);
    for (let n = 0; n < 50; n += 1) sim.log.push(encodeEntry(entryOf({ command: put(`k${n % 5}`, `${n}`) })));
    await sim.run(1_000);
    behind.logCut = true;
    sim.open(behind);
    await Promise.all([sim.install(behind, sim.node(0)), sim.run(500)]);
    expect(sim.counts.installed).toBe(1);
    expect(behind.process?.machine.durableApplied).toBe(50);
    await sim.run(1_000);
    expect(behind.process?.driver.plane.durable.get(LOG_ORIGIN)).toBe(50);
    await sim.settle();
    expectEqualViews(sim);
  });
});

/** Node 2 has applied two entries, the first of which depends on a write of node 0 that has not come. */
async function waiting(seed: number): Promise<{ sim: OrderedCluster; node: OrderedNode }> {
  const sim = new OrderedCluster(seed);
  for (const node of sim.nodes) sim.open(node);
  await sim.run(300);
  const node = sim.node(2);
  node.planeCut = true;
  sim.write(sim.node(0), 'a', 'cause');
  await sim.run(1_000);
  expect(sim.propose(sim.node(0), put('a', 'effect'))).toBe(true);
  sim.log.push(encodeEntry(entryOf({ deps: VersionVector.EMPTY, command: put('b', 'after') })));
  await sim.run(300);
  expect(node.process?.machine.durableApplied).toBe(2);
  return { sim, node };
}

function buffered(node: OrderedNode): number | undefined {
  return node.process?.driver.plane.buffered;
}
