/** Replicas that hear damaged copies of what they say to each other: they refuse and count them, and go on. */
import { expect, it } from 'vitest';
import { parseReplicaId } from '../../src/base/ids.js';
import { Client } from '../support/requests.js';
import { seededRandom } from '../support/seeded-random.js';
import { SimulatedCluster } from '../support/simulated-cluster.js';
import { damage, SEED } from './attack.js';

const MESSAGES = 800;

/** Everything that is sent from now on, by replicas that are not connected yet. */
function overhear(sim: SimulatedCluster): Uint8Array[] {
  const heard: Uint8Array[] = [];
  const connect = sim.network.connect.bind(sim.network);
  sim.network.connect = (self) => {
    const transport = connect(self);
    const send = transport.send.bind(transport);
    const broadcast = transport.broadcast.bind(transport);
    transport.send = (to, bytes) => {
      heard.push(bytes);
      send(to, bytes);
    };
    transport.broadcast = (bytes) => {
      heard.push(bytes);
      broadcast(bytes);
    };
    return transport;
  };
  return heard;
}

it(`damaged messages of every kind are refused, and harm nobody (SEED=${SEED})`, async () => {
  const random = seededRandom(SEED);
  const sim = new SimulatedCluster({ seed: SEED });
  const heard = overhear(sim);
  await sim.start();
  const client = new Client(sim);
  for (let i = 0; i < 20; i += 1) await client.put(i % 3, `k${i % 4}`, `${i}`, { durability: 'majority' });
  const samples = [...heard];
  const somebody = sim.network.connect(parseReplicaId('r9'));
  for (let i = 0; i < MESSAGES; i += 1) {
    somebody.broadcast(damage(random, samples));
    if (i % 50 === 0) await client.put(i % 3, `k${i % 4}`, `noisy ${i}`);
  }
  await sim.converge(20_000);
  expect(sim.fatal).toEqual([]);
  for (const { replica } of sim.nodes) {
    const refused = replica?.metrics().filter(({ name }) => name === 'messages_refused_total') ?? [];
    expect(refused.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(MESSAGES / 2);
  }
  await sim.stop();
});
