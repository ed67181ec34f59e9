/** A replica over a disk with one damaged row, of any table: it serves, or ends with a coded error. */
import { describe, expect, it } from 'vitest';
import type { MemoryDisk } from '../../src/adapters/memory-storage.js';
import { CausewayError } from '../../src/base/errors.js';
import { TABLES, type Table } from '../../src/ports/storage.js';
import { Client, putOp } from '../support/requests.js';
import { type SeededRandom, seededRandom } from '../support/seeded-random.js';
import { context, copyOf, SimulatedCluster } from '../support/simulated-cluster.js';
import { damage, SEED } from './attack.js';

const ROUNDS = 40;
const KEYS = ['k1', 'k2', 'k3'];
/** What is left of a copy of the ordered state is in this table, which is empty most of the time. */
const MOSTLY_EMPTY: readonly Table[] = ['ordered-b', 'operations'];

/** The disk of a replica that has written at every level, deleted, and remembered a request. */
async function written(): Promise<MemoryDisk> {
  const sim = new SimulatedCluster({ seed: SEED, replicas: 1 });
  await sim.start();
  await sim.run(2_000);
  const client = new Client(sim);
  for (const key of KEYS) await client.put(0, key, `weak ${key}`, { idempotencyKey: key });
  await client.delete(0, 'gone');
  const { ordered } = sim.replica(0);
  for (const key of KEYS) {
    const request = { ops: [putOp(key, 'strong')], idempotencyKey: `strong ${key}` };
    await sim.during(ordered?.write(request, { token: context('causal').token, timeoutMs: 5_000 }) ?? Promise.reject());
  }
  await sim.run(100);
  await sim.crash(sim.node(0));
  return sim.node(0).disk;
}

/** Damage one row of the table whose turn it is, of those that have any. Returns which. */
function hurt(random: SeededRandom, disk: MemoryDisk, turn: number): Table {
  const tables = TABLES.filter((name) => disk.tables[name].count > 0);
  const table = tables[turn % tables.length] ?? 'meta';
  const all = [...disk.tables[table].range({})];
  const { key, value } = random.pick(all);
  disk.tables[table].put(key, damage(random, all.map((row) => row.value).concat(value)));
  return table;
}

/** Run a replica on the disk and ask it for everything. Returns what it failed with, if it did. */
async function failuresOn(disk: MemoryDisk): Promise<unknown[]> {
  const sim = new SimulatedCluster({ seed: SEED, replicas: 1 });
  const node = sim.node(0);
  node.disk = disk;
  const failures: unknown[] = [];
  /** Until the request is answered, or the process has ended itself, which answers nothing any more. */
  const attempt = async (request: Promise<unknown>): Promise<void> => {
    let settled = false;
    void request
      .catch((error: unknown) => failures.push(error))
      .finally(() => {
        settled = true;
      });
    for (let ms = 0; !settled && sim.fatal.length === 0; ms += 20) {
      if (ms > 30_000) throw new Error('a request has no end');
      await sim.run(20);
    }
  };
  await attempt(sim.launch(node));
  await sim.run(1_000);
  for (const level of ['eventual', 'causal'] as const) {
    for (const key of KEYS) await attempt(Promise.resolve(node.replica?.read(key, context(level, undefined, 200))));
    await attempt(Promise.resolve(node.replica?.list({ prefix: '', after: '', limit: 100 }, context(level))));
  }
  await attempt(Promise.resolve(node.replica?.ordered?.read('k1', { ...context('causal'), timeoutMs: 200 })));
  await attempt(Promise.resolve(node.replica?.close()));
  return [...failures, ...sim.fatal.map(({ error }) => error)];
}

describe(`a disk with one damaged row (SEED=${SEED})`, () => {
  it('is served from, or refused with a coded error', async () => {
    const random = seededRandom(SEED);
    const sound = await written();
    expect(await failuresOn(copyOf(sound))).toEqual([]);
    const hit = new Set<Table>();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const disk = copyOf(sound);
      const table = hurt(random, disk, round);
      const failures = await failuresOn(disk);
      for (const error of failures) {
        if (!(error instanceof CausewayError)) throw new Error(`round ${round}, table ${table}`, { cause: error });
      }
      refused += Number(failures.length > 0);
      hit.add(table);
    }
    expect(refused).toBeGreaterThan(ROUNDS / 10);
    for (const table of TABLES) if (!MOSTLY_EMPTY.includes(table)) expect(hit).toContain(table);
  });
});
