/** Ten thousand sessions that wander between three replicas while the links between them fail at random. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../src/base/errors.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { etagOf } from '../../src/keyspace/version.js';
import { CausalHistory, SessionPast } from '../support/causal-history.js';
import { runSeed } from '../support/seeded-random.js';
import { context, SimulatedCluster } from '../support/simulated-cluster.js';

const SESSIONS = 10_000;
const CONCURRENT = 60;
const KEYS = 400;

class Run {
  readonly cluster: SimulatedCluster;
  readonly history = new CausalHistory();
  readonly violations: string[] = [];
  readonly counts = { reads: 0, writes: 0, hops: 0, waits: 0, refused: 0, faults: 0, siblings: 0 };
  started = 0;

  constructor(seed: number) {
    this.cluster = new SimulatedCluster({ seed });
  }

  /** One client: a few operations, each at a replica of its choice, carrying the token. */
  async session(): Promise<void> {
    const { random } = this.cluster;
    const past = new SessionPast();
    let token = VersionVector.EMPTY;
    let at = random.int(3);
    for (let step = 0; step < 6; step += 1) {
      if (random.chance(0.4)) {
        at = random.int(3);
        this.counts.hops += 1;
      }
      const key = `key-${random.int(KEYS)}`;
      try {
        token = random.chance(0.5) ? await this.write(past, at, key, token) : await this.read(past, at, key, token);
      } catch (error) {
        if (!(error instanceof CausewayError) || error.code !== 'causal-wait-timeout') throw error;
        this.counts.refused += 1;
      }
    }
  }

  async write(past: SessionPast, at: number, key: string, token: VersionVector): Promise<VersionVector> {
    const deletes = this.cluster.random.chance(0.15);
    const op = deletes
      ? ({ kind: 'delete', key } as const)
      : ({
          kind: 'put',
          key,
          contentType: 'text/plain',
          bytes: new TextEncoder().encode(`${this.counts.writes}`),
        } as const);
    const result = await this.cluster
      .replica(at)
      .write({ ops: [op], durability: 'local' }, context('causal', token, 400));
    this.counts.writes += 1;
    this.history.wrote(past, key, result.etag, deletes);
    return result.token;
  }

  async read(past: SessionPast, at: number, key: string, token: VersionVector): Promise<VersionVector> {
    const result = await this.cluster.replica(at).read(key, context('causal', token, 400));
    this.counts.reads += 1;
    if (result.timing.waitMs > 0) this.counts.waits += 1;
    if (result.state.versions.length > 1) this.counts.siblings += 1;
    const winner = result.state.versions[0];
    const etag = winner === undefined ? undefined : etagOf(winner.dot);
    this.violations.push(...this.history.read(past, key, etag, false));
    return result.token;
  }

  async worker(): Promise<void> {
    while (this.started < SESSIONS) {
      this.started += 1;
      await this.session();
    }
  }

  /** Random link faults and cuts, replaced every 100 ms of virtual time. */
  weather(): void {
    const { random, nodes } = this.cluster;
    const ids = nodes.map((node) => node.id);
    for (const node of nodes) node.replica?.faults?.clear();
    if (random.chance(0.3)) return;
    this.counts.faults += 1;
    const cut = random.pick(ids);
    for (const node of nodes) {
      for (const to of ids) {
        if (to === node.id || random.chance(0.4)) continue;
        const link = { kind: 'link', from: node.id, to, ttlMs: 60_000 } as const;
        const faults = {
          drop: random.float() * 0.5,
          delayMs: random.int(20),
          jitterMs: random.int(60),
          duplicate: random.float() * 0.3,
        };
        node.replica?.faults?.put({ ...link, ...faults });
      }
      if (random.chance(0.1)) {
        node.replica?.faults?.put({
          kind: 'partition',
          name: 'cut',
          groups: [[cut], ids.filter((id) => id !== cut)],
          ttlMs: 60_000,
        });
      }
    }
  }
}

describe('sessions at the causal level', () => {
  it('see no effect before its cause and lose no guarantee, whatever the links do, and all replicas end byte-equal', async () => {
    const seed = runSeed();
    const run = new Run(seed);
    const { cluster, counts } = run;
    await cluster.start();
    const workers = Promise.all(Array.from({ length: CONCURRENT }, () => run.worker()));
    let done = false;
    void workers.finally(() => {
      done = true;
    });
    while (!done) {
      run.weather();
      await cluster.run(100);
    }
    await workers;
    await cluster.converge(30_000);
    await cluster.run(5_000);
    expect(run.violations, `SEED=${seed}`).toEqual([]);
    expect(cluster.fatal).toEqual([]);
    const [first, ...others] = cluster.nodes.map((node) => cluster.contents(node));
    for (const other of others) expect(other === first, `SEED=${seed}: replicas differ`).toBe(true);
    for (const [what, count] of Object.entries(counts)) {
      expect(count, `SEED=${seed}: a run without ${what} proves nothing`).toBeGreaterThan(0);
    }
    await cluster.stop();
  });
});
