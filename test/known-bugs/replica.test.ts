/** Bugs other systems had, played on whole replicas with a total order of their own, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-storage.js';
import { CausewayError, ERRORS } from '../../src/base/errors.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { OrderedReplica } from '../../src/replica/ordered-handle.js';
import { failure, putOp, textOf } from '../support/requests.js';
import { type Node, SimulatedCluster } from '../support/simulated-cluster.js';
import { heal, partition } from '../support/weather.js';

async function started(seed: number): Promise<SimulatedCluster> {
  const sim = new SimulatedCluster({ seed });
  await sim.start();
  return sim;
}

function orderedAt(sim: SimulatedCluster, at: number): OrderedReplica {
  const { ordered } = sim.replica(at);
  if (ordered === undefined) throw new Error(`replica ${at} has no total order`);
  return ordered;
}

const context = (timeoutMs = 3_000) => ({ token: VersionVector.EMPTY, timeoutMs });

function write(sim: SimulatedCluster, at: number, text: string, idempotencyKey?: string, timeoutMs?: number) {
  const request = { ops: [putOp('k', text)], ...(idempotencyKey !== undefined && { idempotencyKey }) };
  return orderedAt(sim, at).write(request, context(timeoutMs));
}

function refusal(error: unknown): string {
  if (error instanceof CausewayError) return error.code;
  throw error;
}

/** All versions that a linearizable read shows. */
async function shown(sim: SimulatedCluster, at: number): Promise<(string | undefined)[]> {
  const { state } = await sim.during(orderedAt(sim, at).read('k', context()));
  return state.versions.map(textOf);
}

function leaderOf(sim: SimulatedCluster): number {
  const { leader } = sim.replica(0).status();
  const at = sim.nodes.findIndex(({ id }) => id === leader);
  if (at < 0) throw new Error('nobody leads');
  return at;
}

describe('known bug 07: a member that lost its disk votes', () => {
  it('a majority that lost its disks, the founder among it, neither elects nor founds anything', async () => {
    const sim = await started(7);
    await sim.during(write(sim, 0, 'kept'));
    for (const node of sim.nodes) await sim.crash(node);
    const [founder, survivor, other] = sim.nodes as [Node, Node, Node];
    for (const node of [founder, other]) node.disk = new MemoryDisk();
    await Promise.all([founder, other].map((node) => sim.open(node)));
    await sim.run(5_000);
    for (const at of [0, 2]) expect((await sim.during(failure(write(sim, at, 'forked')))).code).toBe('no-quorum');
    await sim.open(survivor);
    await sim.run(5_000);
    for (const at of [0, 1, 2]) {
      const refused = await sim.during(failure(orderedAt(sim, at).read('k', context())));
      expect(ERRORS[refused.code].status).toBe(503);
    }
    await sim.stop();
  });
});

describe('known bug 18: reads are served while the log is still replayed', () => {
  it('what is read first after all were restarted is what was written last before, wherever it is asked', async () => {
    const sim = await started(18);
    for (let i = 0; i < 20; i += 1) await sim.during(write(sim, i % 3, `v${i}`));
    for (const node of sim.nodes) await sim.crash(node);
    await Promise.all(sim.nodes.map((node) => sim.launch(node)).map((opening) => sim.during(opening)));
    const served = new Set<number>();
    let refused = 0;
    for (let round = 0; served.size < 3 && round < 100; round += 1) {
      const at = round % 3;
      const read = await sim.during(orderedAt(sim, at).read('k', context(50)).catch(refusal));
      if (typeof read === 'string') {
        expect(read).toMatch(/^no-quorum|causal-wait-timeout/);
        refused += 1;
      } else {
        expect(read.state.versions.map(textOf)).toEqual(['v19']);
        served.add(at);
      }
    }
    expect(served.size).toBe(3);
    expect(refused).toBeGreaterThan(0);
    await sim.stop();
  });
});

describe('known bug 19: a leader that was paused serves reads', () => {
  it('one that was cut off while another was elected serves none, though it has not noticed', async () => {
    const sim = await started(19);
    const old = leaderOf(sim);
    await sim.during(write(sim, old, 'before'));
    const others = [0, 1, 2].filter((at) => at !== old);
    partition(sim, [old], others);
    const early = failure(orderedAt(sim, old).read('k', context(2_000)));
    await sim.run(3_000);
    await sim.during(write(sim, others[0] ?? 0, 'after'));
    expect(ERRORS[(await early).code].status).toBe(503);
    expect(ERRORS[(await sim.during(failure(orderedAt(sim, old).read('k', context(200))))).code].status).toBe(503);
    heal(sim);
    expect(await shown(sim, old)).toEqual(['after']);
    await sim.stop();
  });
});

describe('known bug 28: a retry is applied twice', () => {
  it('a write that a leader took before it was cut off is one write, though it is sent again to the next', async () => {
    const sim = await started(28);
    const old = leaderOf(sim);
    const [next = 0] = [0, 1, 2].filter((at) => at !== old);
    const { logIndex } = sim.replica(old).status();
    const first = write(sim, old, 'once', 'request', 400);
    while (sim.replica(old).status().logIndex === logIndex) await sim.run(0.1);
    partition(
      sim,
      [old],
      [0, 1, 2].filter((at) => at !== old),
    );
    const unknown = await sim.during(failure(first));
    expect(ERRORS[unknown.code]).toMatchObject({ status: 504, outcome: 'unknown' });
    await sim.run(3_000);
    const again = await sim.during(write(sim, next, 'once', 'request'));
    await sim.during(write(sim, next, 'later'));
    heal(sim);
    await sim.run(3_000);
    const third = await sim.during(write(sim, old, 'once', 'request'));
    expect(third.etag).toBe(again.etag);
    for (const at of [0, 1, 2]) expect(await shown(sim, at)).toEqual(['later']);
    await sim.stop();
  });
});

describe('known bug 27: a change of members during a partition loses updates', () => {
  it('one that a cut-off leader began is undone, and the change of the others keeps what was written meanwhile', async () => {
    const sim = await started(27);
    const old = leaderOf(sim);
    const [next = 0, third = 0] = [0, 1, 2].filter((at) => at !== old);
    const remove = (at: number) => ({ kind: 'remove', id: sim.node(at).id }) as const;
    await sim.during(write(sim, old, 'before'));
    partition(sim, [old], [next, third]);
    const begun = failure(orderedAt(sim, old).changeMembership(remove(next), context(400)));
    expect((await sim.during(begun)).code).toBe('outcome-unknown');
    await sim.run(3_000);
    await sim.during(write(sim, next, 'meanwhile'));
    heal(sim);
    await sim.run(3_000);
    for (const at of [0, 1, 2]) expect(orderedAt(sim, at).membership().members).toHaveLength(3);
    await sim.during(orderedAt(sim, next).changeMembership(remove(third), context()));
    expect(await shown(sim, old)).toEqual(['meanwhile']);
    await sim.during(write(sim, old, 'after'));
    expect(await shown(sim, next)).toEqual(['after']);
    await sim.stop();
  });
});
