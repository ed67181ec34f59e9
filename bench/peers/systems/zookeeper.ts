/** ZooKeeper as it comes: every transaction is synced before it is acknowledged (`forceSync`). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { runProgram } from '../../../src/adapters/run-program.js';
import type { Address } from '../../load/client-socket.js';
import { createNode, openZooKeeperSession } from '../clients/zookeeper-client.js';
import { findJava, findZooKeeperJars, INSTALL_HINT } from '../programs.js';
import { addressOf, freePorts, HOST, startGroup, within } from '../servers.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const STATUS_TIMEOUT_MS = 2_000;
const JAVA_TIMEOUT_MS = 10_000;
const HEAP = ['-Xms256m', '-Xmx512m'];
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

export const zookeeper: MeasuredSystem = {
  name: 'ZooKeeper',
  durability: 'fsync before acknowledgement',
  operations: ['linearizable write', 'linearizable read', 'local read'],
  find: async () => {
    const jars = findZooKeeperJars();
    if (jars === undefined) return { kind: 'missing', reason: `ZooKeeper is not installed (${INSTALL_HINT})` };
    const java = findJava();
    if (java === undefined) return { kind: 'missing', reason: `ZooKeeper needs a java (${INSTALL_HINT})` };
    const { stdout } = await runProgram(java, ['--version'], { timeoutMs: JAVA_TIMEOUT_MS });
    return { kind: 'present', version: `${jars.version} (${/^\S+ [\d.]+/.exec(stdout)?.[0] ?? java})` };
  },
  start: startZooKeeper,
};

async function startZooKeeper(folder: string): Promise<RunningCluster> {
  const jars = findZooKeeperJars();
  const java = findJava();
  if (jars === undefined || java === undefined) throw new Error('ZooKeeper has gone');
  const ports = await freePorts(SERVERS, 3);
  const addresses = ports.map(([client = 0]) => addressOf(client));
  const ensemble = ports.map(([, peer, election], i) => `server.${i + 1}=${HOST}:${peer}:${election}`);
  return startGroup(folder, async (group) => {
    for (const [i, { port }] of addresses.entries()) {
      const name = `n${i + 1}`;
      const data = join(folder, name);
      mkdirSync(data);
      writeFileSync(join(data, 'myid'), `${i + 1}\n`);
      const settings = [
        `dataDir=${data}`,
        `clientPort=${port}`,
        `clientPortAddress=${HOST}`,
        'tickTime=2000',
        'initLimit=10',
        'syncLimit=5',
        // By default one address may have 60 connections.
        'maxClientCnxns=0',
        'admin.enableServer=false',
        '4lw.commands.whitelist=srvr',
        ...ensemble,
      ];
      const config = join(folder, `${name}.cfg`);
      writeFileSync(config, `${settings.join('\n')}\n`);
      group.spawn(name, [java, ...HEAP, '-cp', jars.classPath, MAIN, config]);
    }
    const modes = (): Promise<readonly string[]> => Promise.all(addresses.map(mode));
    const roles = new Set(['leader', 'follower']);
    await group.until('ZooKeeper has a leader', async () => (await modes()).every((mode) => roles.has(mode)));
    await makeParent(addresses[0] as Address);
    const leader = async (): Promise<number> => (await modes()).indexOf('leader');
    return { client: { kind: 'zookeeper' }, addresses, leader, stop: () => group.stop() };
  });
}

async function makeParent(address: Address): Promise<void> {
  const session = await openZooKeeperSession(address);
  await createNode(session, '/bench', new Uint8Array(0));
  session.close();
}

/** What the server says of itself in answer to the word `srvr`; empty while it does not serve. */
async function mode({ host, port }: Address): Promise<string> {
  const socket = connect({ host, port });
  const text = new Promise<string>((resolve, reject) => {
    let received = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      received += part;
    });
    socket.once('error', reject).once('end', () => resolve(received));
    socket.write('srvr');
  });
  try {
    return /^Mode: (\w+)$/m.exec(await within(STATUS_TIMEOUT_MS, text))?.[1] ?? '';
  } finally {
    socket.destroy();
  }
}
