/** The contract of the total order, run for every implementation. */
import { expect } from 'vitest';
import { RaftOrderCluster } from '../support/raft-order-cluster.js';
import { describeTotalOrder, type TotalOrderWorld } from './total-order.js';

async function raftWorld(seed: number, trailing: number): Promise<TotalOrderWorld> {
  const tuning = { trailingEntries: trailing, compactStepEntries: trailing, snapshotChunkMaxBytes: 200 };
  const cluster = new RaftOrderCluster({ seed, tuning });
  await cluster.start();
  return {
    order: (member) => cluster.run(member).order,
    entries: (member) => cluster.run(member).state.entries,
    isUp: (member) => cluster.member(member).run !== undefined,
    pass: (ms) => cluster.pass(ms),
    crash: (member) => cluster.crash(member),
    restart: (member) => void cluster.open(member),
    isolate: (member) => cluster.isolate(member),
    heal: () => cluster.heal(),
    storm(isStorm) {
      cluster.loss = isStorm ? 0.1 : 0;
      cluster.doubling = isStorm ? 0.2 : 0;
      cluster.delayMs = isStorm ? 15 : 1;
    },
    async converge() {
      for (const [index, { run }] of cluster.members.entries()) if (run === undefined) cluster.open(index);
      await cluster.converge();
    },
    closeMember: async (member) => {
      const closed = cluster.run(member).order.close();
      await cluster.pass(50);
      await closed;
    },
    async end() {
      await cluster.close();
      expect(cluster.fatal).toEqual([]);
    },
  };
}

describeTotalOrder('raft', (seed) => raftWorld(seed, 20_000));
describeTotalOrder('raft with a short log', (seed) => raftWorld(seed, 16));
