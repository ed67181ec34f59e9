/** Three Node.js processes that answer Causeway's requests and do nothing else: the floor under everything over HTTP. */
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../load/client-socket.js';
import { addressOf, freePorts, startGroup } from '../servers.js';
import { FLOOR } from '../summary.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const PROGRAM = fileURLToPath(new URL('../bare-server.js', import.meta.url));

export const bareNode: MeasuredSystem = {
  name: FLOOR,
  durability: 'nothing is kept',
  // A write and a read are all it can tell apart; these are the ones that targets are about.
  operations: ['linearizable write', 'linearizable read', 'local read'],
  find: async () => ({ kind: 'present', version: process.versions.node }),
  start: startBareNode,
};

async function startBareNode(folder: string, valueBytes: number): Promise<RunningCluster> {
  const addresses = (await freePorts(SERVERS, 1)).map(([port = 0]) => addressOf(port));
  return startGroup(folder, async (group) => {
    for (const [i, { port }] of addresses.entries()) {
      group.spawn(`n${i + 1}`, [process.execPath, PROGRAM, String(port), String(valueBytes)]);
    }
    await group.until('the servers listen', async () => {
      await Promise.all(addresses.map(reach));
      return true;
    });
    return { client: { kind: 'causeway' }, addresses, leader: async () => 0, stop: () => group.stop() };
  });
}

function reach({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
