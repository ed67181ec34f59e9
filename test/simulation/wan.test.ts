/**
 * What distance costs at each level, on the production replicas over a virtual clock: how long a request takes follows from
 * the round trips between the regions, and no machine is too busy for that.
 */
import { describe, expect, it } from 'vitest';
import { parseReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { roundTripMs, WAN_PRESETS, type WanPreset, wanLinks } from '../../src/lab/wan/presets.js';
import { putOp, write } from '../support/requests.js';
import { context, SimulatedCluster } from '../support/simulated-cluster.js';

/** More than a test takes. */
const TTL_MS = 600_000;
const TOKEN = VersionVector.EMPTY;
const ROUNDS = 3;
/** Disks and turns of the event loop. */
const LOCAL_MS = 10;
/** Jitter is a tenth of a delay; the message that says what is committed may come a tick later. */
const SLACK = { share: 0.06, ms: 35 };

async function distantCluster(preset: WanPreset): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster({ seed: 7, replicas: preset.regions.length });
  await cluster.start();
  for (const { from, to, ...delays } of wanLinks(
    preset,
    cluster.nodes.map(({ id }) => id),
  )) {
    const ends = { from: parseReplicaId(from), to: parseReplicaId(to) };
    const fault = { kind: 'link', drop: 0, duplicate: 0, ttlMs: TTL_MS, ...ends, ...delays } as const;
    for (const { replica } of cluster.nodes) replica?.faults?.put(fault);
  }
  await cluster.run(1_000);
  return cluster;
}

/** Median of a few, in ms of virtual time. */
async function medianMs(cluster: SimulatedCluster, request: (round: number) => Promise<unknown>): Promise<number> {
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = cluster.time.monotonicMs();
    await cluster.during(request(round));
    tookMs.push(cluster.time.monotonicMs() - startedMs);
    await cluster.run(50);
  }
  return tookMs.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
}

/** From replica `at` to as many others as make a majority with it, and back. */
function majorityMs(preset: WanPreset, at: number): number {
  const others = preset.regions.map((_, i) => roundTripMs(preset, at, i)).sort((a, b) => a - b);
  return others[Math.floor(preset.regions.length / 2)] as number;
}

function leaderOf(cluster: SimulatedCluster): number {
  const { leader } = cluster.replica(0).status();
  return cluster.nodes.findIndex(({ id }) => id === leader);
}

describe.each(WAN_PRESETS)('with the distances of $name', (preset) => {
  it('weaker requests stay where they are asked, and linearizable ones pay the way to the nearest majority', async () => {
    const cluster = await distantCluster(preset);
    const leader = leaderOf(cluster);
    const atLeader = majorityMs(preset, leader);
    for (const [at, { replica }] of cluster.nodes.entries()) {
      const ordered = replica?.ordered;
      if (replica === undefined || ordered === undefined) throw new RangeError(`no replica ${at}`);
      for (const level of ['eventual', 'causal'] as const) {
        const put = (round: number) => write(replica, [putOp(`${level}-${at}`, `${round}`)], { level });
        expect(await medianMs(cluster, put), `${level} write at ${at}`).toBeLessThan(LOCAL_MS);
        const get = () => replica.read(`${level}-${at}`, context(level));
        expect(await medianMs(cluster, get), `${level} read at ${at}`).toBeLessThan(LOCAL_MS);
      }
      const asked = { token: TOKEN, timeoutMs: 5_000 };
      const toLeaderMs = roundTripMs(preset, at, leader);
      const throughLogMs = toLeaderMs + atLeader;
      // Two questions at the same time: whether the leader still leads, and which weaker writes a majority has. With a
      // follower that is a majority with it the leader asks nobody else.
      const confirmedMs = at !== leader && preset.regions.length === 3 ? toLeaderMs : throughLogMs;
      const readMs = Math.max(confirmedMs, majorityMs(preset, at));
      const get = () => ordered.read(`linearizable-${at}`, asked);
      expectBetween(await medianMs(cluster, get), confirmedMs, readMs, `read at ${at}, leader ${leader}`);
      // At most one after the other: which weaker writes a majority has, and the entry through the log.
      // A follower is told that its entry is committed once it has said that it has it, which may be the longer way.
      const writeMs = majorityMs(preset, at) + Math.max(throughLogMs, 2 * toLeaderMs);
      const put = (round: number) => ordered.write({ ops: [putOp(`linearizable-${at}`, `${round}`)] }, asked);
      expectBetween(await medianMs(cluster, put), throughLogMs, writeMs, `write at ${at}, leader ${leader}`);
    }
    await cluster.stop();
  });
});

function expectBetween(foundMs: number, leastMs: number, mostMs: number, what: string): void {
  expect(foundMs, what).toBeGreaterThan(leastMs * (1 - SLACK.share));
  expect(foundMs, what).toBeLessThan(mostMs * (1 + SLACK.share) + SLACK.ms);
}
