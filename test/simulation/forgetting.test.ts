/** Tombstones that go and stay gone, and records that were changed behind the replicas' backs. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import { LIMITS } from '../../src/base/limits.js';
import { decodeRecord, encodeRecord, type KeyRecord } from '../../src/keyspace/key-record.js';
import { Client, metric } from '../support/requests.js';
import { type Node, SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, partition } from '../support/weather.js';

async function cluster(seed: number): Promise<{ cluster: SimulatedCluster; client: Client }> {
  const started = new SimulatedCluster({ seed });
  await started.start();
  await started.run(500);
  return { cluster: started, client: new Client(started) };
}

function stored(node: Node, key: string): KeyRecord | undefined {
  const bytes = node.storage?.get('keyspace', utf8Encode(key));
  return bytes === undefined ? undefined : decodeRecord(bytes);
}

function kinds(sim: SimulatedCluster, key: string): (string | undefined)[] {
  return sim.nodes.map((node) =>
    stored(node, key)
      ?.map(({ kind }) => kind)
      .join(),
  );
}

describe('a tombstone', () => {
  it('goes once every replica has it, and leaves nothing behind', async () => {
    const { cluster: sim, client } = await cluster(1);
    await client.put(0, 'k', 'v');
    await sim.run(200);
    await client.delete(1, 'k');
    await sim.run(50);
    expect(kinds(sim, 'k')).toEqual(['tombstone', 'tombstone', 'tombstone']);
    await sim.converge(20_000);
    await sim.run(2_000);
    expect(kinds(sim, 'k')).toEqual([undefined, undefined, undefined]);
    for (const node of sim.nodes) {
      expect(sim.contents(node, 'operations')).toBe('');
      expect(node.replica?.status().keys).toBe(0);
    }
    await sim.stop();
  });

  it('stays while a replica is away, and does not let that replica bring the value back (known bug 33)', async () => {
    const { cluster: sim, client } = await cluster(2);
    await client.put(2, 'k', 'v');
    await sim.converge(20_000);
    partition(sim, [0, 1], [2]);
    await client.delete(0, 'k');
    await sim.run(60_000);
    expect(kinds(sim, 'k')).toEqual(['tombstone', 'tombstone', 'value']);
    await sim.crash(sim.node(2));
    await sim.run(60_000);
    await sim.open(sim.node(2));
    expect(await client.get(2, 'k')).toBe('v');
    heal(sim);
    await sim.converge(20_000);
    await sim.run(4 * LIMITS.auditIntervalMs);
    expect(kinds(sim, 'k')).toEqual([undefined, undefined, undefined]);
    expect(sim.nodes.map(({ replica }) => metric(replica ?? sim.replica(0), 'audit_records_repaired_total'))).toEqual([
      0, 0, 0,
    ]);
    await sim.stop();
  });

  it('that only one replica still has is overwritten there, too, by a writer that has forgotten it', async () => {
    const { cluster: sim, client } = await cluster(14);
    await client.put(0, 'k', 'v');
    await sim.run(200);
    // All have the deletion, and say so; then r3 is cut off, and does not learn that it was agreed to forget it.
    await client.delete(0, 'k');
    const { vector } = sim.replica(0).status();
    const told = () => sim.replica(0).status().stable.includes(vector);
    for (let ms = 0; !told() && ms < 2_000; ms += 10) await sim.run(10);
    partition(sim, [0, 1], [2]);
    await sim.run(3_000);
    expect(kinds(sim, 'k')).toEqual([undefined, undefined, 'tombstone']);
    await client.put(0, 'k', 'again');
    heal(sim);
    await sim.converge(20_000);
    expect(kinds(sim, 'k')).toEqual(['value', 'value', 'value']);
    expect(new Set(sim.nodes.map((node) => sim.contents(node))).size).toBe(1);
    await sim.stop();
  });

  it('is overwritten everywhere by what comes next, at whatever moment of the forgetting', async () => {
    const { cluster: sim, client } = await cluster(3);
    await client.put(0, 'k', 'v');
    await client.delete(0, 'k');
    await sim.converge(20_000);
    // Whoever forgets first: write over the absence at each replica in turn, at all moments of the forgetting.
    for (let i = 0; i < 40; i += 1) {
      await client.put(i % 3, 'k', `${i}`, { level: 'eventual' });
      await sim.run(sim.random.float() * 60);
      await client.delete((i + 1) % 3, 'k', { level: 'eventual' });
      await sim.run(sim.random.float() * 1_500);
      if (i % 8 === 7) {
        await sim.converge(20_000);
        await sim.run(2_000);
        expect(new Set(sim.nodes.map((node) => sim.contents(node))).size).toBe(1);
      }
    }
    await sim.stop();
  });

  it('goes also if the replica was restarted in between and remembers no deletion', async () => {
    const { cluster: sim, client } = await cluster(4);
    partition(sim, [0, 1], [2]);
    for (let i = 0; i < 5; i += 1) {
      await client.put(0, `k${i}`, 'v');
      await client.delete(0, `k${i}`);
    }
    await sim.run(200);
    for (const at of [0, 1]) {
      await sim.crash(sim.node(at));
      await sim.open(sim.node(at));
    }
    await sim.converge(20_000);
    await sim.run(3 * LIMITS.auditIntervalMs);
    for (const node of sim.nodes) expect(sim.contents(node)).toBe('');
    await sim.stop();
  });
});

describe('the keyspace audit', () => {
  /** Three replicas with a few records and siblings, equal and at rest. */
  async function atRest(seed: number) {
    const { cluster: sim, client } = await cluster(seed);
    for (let i = 0; i < 10; i += 1) await client.put(i % 3, `k${i}`, `${i}`);
    partition(sim, [0], [1], [2]);
    for (const at of [0, 1, 2]) await client.put(at, 'siblings', `${at}`);
    heal(sim);
    const old = await client.put(0, 'changed', 'old');
    await sim.run(300);
    const oldRecord = stored(sim.node(0), 'changed') ?? [];
    await client.put(1, 'changed', 'new', { token: old.token });
    await sim.converge(20_000);
    await sim.run(2_000);
    const whole = sim.contents(sim.node(0));
    expect(sim.nodes.map((node) => sim.contents(node) === whole)).toEqual([true, true, true]);
    return { sim, whole, oldRecord };
  }

  function repaired(sim: SimulatedCluster): number {
    return sim.nodes.reduce(
      (sum, { replica }) => sum + (replica === undefined ? 0 : metric(replica, 'audit_records_repaired_total')),
      0,
    );
  }

  async function behindItsBack(
    sim: SimulatedCluster,
    at: number,
    key: string,
    record: KeyRecord | undefined,
  ): Promise<void> {
    const name = { table: 'keyspace', key: utf8Encode(key) } as const;
    const write =
      record === undefined ? { kind: 'delete' as const } : { kind: 'put' as const, value: encodeRecord(record) };
    await sim.during(sim.node(at).storage?.commit([{ ...name, ...write }]) ?? Promise.resolve());
  }

  it('compares, and changes nothing where nothing differs', async () => {
    const { sim, whole } = await atRest(5);
    await sim.run(5 * LIMITS.auditIntervalMs);
    for (const node of sim.nodes) {
      expect(sim.contents(node) === whole).toBe(true);
      expect(metric(node.replica ?? sim.replica(0), 'audit_pages_compared_total')).toBeGreaterThan(0);
    }
    expect(repaired(sim)).toBe(0);
    await sim.stop();
  });

  const damages: readonly {
    readonly what: string;
    readonly key: string;
    readonly to: (old: KeyRecord, now: KeyRecord) => KeyRecord | undefined;
  }[] = [
    { what: 'a record that was removed', key: 'k3', to: () => undefined },
    { what: 'a record that holds an older version again', key: 'changed', to: (old) => old },
    { what: 'a record that lost a sibling', key: 'siblings', to: (_, now) => now.slice(1) },
    {
      what: 'a record that holds both a version and what superseded it',
      key: 'changed',
      to: (old, now) => [...now, ...old],
    },
  ];
  for (const [i, { what, key, to }] of damages.entries()) {
    it(`repairs ${what}, at equal vectors, and invents no sibling`, async () => {
      const { sim, whole, oldRecord } = await atRest(6 + i);
      const at = i % 3;
      await behindItsBack(sim, at, key, to(oldRecord, stored(sim.node(at), key) ?? []));
      expect(sim.contents(sim.node(at)) === whole).toBe(false);
      await sim.run(4 * LIMITS.auditIntervalMs);
      for (const node of sim.nodes) expect(sim.contents(node) === whole, `${node.id}: ${what}`).toBe(true);
      expect(repaired(sim)).toBe(1);
      await sim.stop();
    });
  }

  it('repairs two replicas that lost different records', async () => {
    const { sim, whole } = await atRest(20);
    await behindItsBack(sim, 0, 'k1', undefined);
    await behindItsBack(sim, 1, 'k2', undefined);
    await behindItsBack(sim, 1, 'k5', undefined);
    await sim.run(6 * LIMITS.auditIntervalMs);
    for (const node of sim.nodes) expect(sim.contents(node) === whole, node.id).toBe(true);
    await sim.stop();
  });

  it('finds a difference although writes go on elsewhere, as soon as they pause', async () => {
    const { cluster: sim, client } = await cluster(21);
    await client.put(0, 'k', 'v');
    await sim.converge(20_000);
    await behindItsBack(sim, 2, 'k', undefined);
    for (let i = 0; i < 30; i += 1) {
      await client.put(i % 3, `other-${i}`, 'x');
      await sim.run(50);
    }
    await sim.run(4 * LIMITS.auditIntervalMs);
    expect(await client.siblings(2, 'k')).toEqual(['v']);
    await sim.stop();
  });
});
