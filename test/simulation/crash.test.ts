/** Processes that die in the middle of writes, with more or less of their last commits on the disk. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../src/base/errors.js';
import type { Dot } from '../../src/clocks/dot.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { WriteResult } from '../../src/replica/request-types.js';
import { DotLedger } from '../support/dot-ledger.js';
import { putOp, write } from '../support/requests.js';
import { runSeed } from '../support/seeded-random.js';
import { type Node, SimulatedCluster } from '../support/simulated-cluster.js';
import { chaos, heal } from '../support/weather.js';

const SEEDS = 20;
const STEPS = 80;
const KEYS = 6;
const SHARED = 8;

class Run {
  readonly cluster: SimulatedCluster;
  readonly ledger: DotLedger;
  readonly acknowledged: string[] = [];
  readonly counts = { crashes: 0, lostRequests: 0, replayed: 0 };
  #sent = 0;
  #tokens: VersionVector[] = [VersionVector.EMPTY];

  constructor(seed: number) {
    this.cluster = new SimulatedCluster({ seed, flushMs: (random) => 0.2 + random.float() * 6 });
    this.ledger = new DotLedger(this.cluster);
  }

  /** Send a write, one in four under an Idempotency-Key that others use, too. The answer may never come. */
  send(): void {
    const { random, nodes } = this.cluster;
    const { replica } = random.pick(nodes);
    if (replica === undefined) return;
    const shared = random.chance(0.25) ? random.int(SHARED) : undefined;
    // Of the requests that are retried no two write the same key: such may have no order.
    const key =
      shared === undefined && random.chance(0.5) ? `k${random.int(KEYS)}` : `shared-${shared ?? random.int(SHARED)}`;
    this.#sent += 1;
    const idempotencyKey = shared === undefined ? {} : { idempotencyKey: `request-${shared}` };
    const op = putOp(key, shared === undefined ? `${this.#sent}` : `shared ${shared}`);
    const spec = {
      level: random.pick(['causal', 'eventual'] as const),
      token: random.pick(this.#tokens),
      timeoutMs: 300,
    };
    write(replica, [op], { ...spec, ...idempotencyKey }).then(
      (result) => this.#answered(result),
      (error: unknown) => {
        if (!(error instanceof CausewayError)) throw error;
      },
    );
  }

  #answered(result: WriteResult): void {
    this.acknowledged.push(result.etag);
    this.#tokens = [...this.#tokens.slice(-5), result.token];
    if (result.replayed) this.counts.replayed += 1;
  }

  async crash(node: Node): Promise<void> {
    this.counts.crashes += 1;
    this.counts.lostRequests += node.storage?.pendingCommits ?? 0;
    await this.cluster.crash(node);
  }

  async go(): Promise<void> {
    const { cluster } = this;
    const { random, nodes } = cluster;
    await cluster.start();
    chaos(cluster, { drop: 0.2, jitterMs: 30, duplicate: 0.1 });
    for (let step = 0; step < STEPS; step += 1) {
      for (let i = random.int(4); i > 0; i -= 1) this.send();
      await cluster.run(random.float() * 12);
      if (random.chance(0.1)) await this.crash(random.pick(nodes));
      for (const node of nodes) {
        if (node.process === undefined && random.chance(0.3)) void cluster.launch(node);
      }
    }
    for (const node of nodes) if (node.process === undefined) void cluster.launch(node);
    await cluster.run(1_000);
    heal(cluster);
    await cluster.converge(30_000);
  }
}

function dotOf(etag: string): Dot {
  const [origin, counter] = etag.slice(1, -1).split('.') as [Dot['origin'], string];
  return { origin, counter: Number(counter) };
}

describe('replicas that are killed in the middle of writes', () => {
  it('keep every acknowledged write, use no dot twice, and end byte-equal', async () => {
    const base = runSeed();
    const totals = { crashes: 0, lostRequests: 0, replayed: 0, acknowledged: 0, dots: 0 };
    for (let seed = base; seed < base + SEEDS; seed += 1) {
      const run = new Run(seed);
      await run.go();
      const { cluster, ledger } = run;
      const where = `SEED=${seed}`;
      expect(ledger.reused, where).toEqual([]);
      expect(cluster.fatal, where).toEqual([]);
      const lost = run.acknowledged.filter((etag) => !ledger.has(dotOf(etag)));
      expect(lost, where).toEqual([]);
      const survivors = ledger.survivors();
      for (const node of cluster.nodes) {
        expect(ledger.held(node), `${where}: ${node.id}`).toEqual(survivors);
        expect(cluster.contents(node) === cluster.contents(cluster.node(0)), `${where}: ${node.id} differs`).toBe(true);
      }
      totals.crashes += run.counts.crashes;
      totals.lostRequests += run.counts.lostRequests;
      totals.replayed += run.counts.replayed;
      totals.acknowledged += run.acknowledged.length;
      totals.dots += ledger.size;
      await cluster.stop();
    }
    for (const [what, count] of Object.entries(totals)) {
      expect(count, `SEED=${base}: runs without ${what} prove nothing`).toBeGreaterThan(0);
    }
  });
});
