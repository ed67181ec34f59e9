/**
 * Redis: a primary and two replicas, every one of which syncs its file before it acknowledges. WAIT makes writes durable on a
 * majority; it does not make them linearizable, and nothing elects a new primary.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../../load/client-socket.js';
import { askRedis } from '../clients/redis-client.js';
import { findServer, INSTALL_HINT, type Program } from '../programs.js';
import { addressOf, freePorts, HOST, startGroup, within } from '../servers.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const STATUS_TIMEOUT_MS = 2_000;
/** With the primary a majority. */
const WAIT_FOR = Math.floor(SERVERS / 2);

const program = (): Promise<Program | undefined> => findServer('redis-server', /\bv=(\S+)/);

export const redis: MeasuredSystem = {
  name: 'Redis',
  durability: 'fsync before acknowledgement',
  operations: ['replicated write', 'local write', 'local read'],
  writesAtLeaderOnly: true,
  find: async () => {
    const found = await program();
    if (found === undefined) return { kind: 'missing', reason: `Redis is not installed (${INSTALL_HINT})` };
    return { kind: 'present', version: found.version };
  },
  start: startRedis,
};

async function startRedis(folder: string): Promise<RunningCluster> {
  const found = await program();
  if (found === undefined) throw new Error('Redis has gone');
  const addresses = (await freePorts(SERVERS, 1)).map(([port = 0]) => addressOf(port));
  const [primary, ...replicas] = addresses as [Address, ...Address[]];
  return startGroup(folder, async (group) => {
    for (const [i, address] of addresses.entries()) {
      const name = `n${i + 1}`;
      mkdirSync(join(folder, name));
      const settings = {
        bind: HOST,
        port: String(address.port),
        dir: join(folder, name),
        appendonly: 'yes',
        appendfsync: 'always',
        save: '',
        'repl-diskless-sync-delay': '0',
        ...(address === primary ? {} : { replicaof: `${primary.host} ${primary.port}` }),
      };
      const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, ...valueWords(key, value)]);
      group.spawn(name, [...found.command, ...args]);
    }
    await group.until('the replicas follow the primary', async () => {
      const states = await Promise.all(replicas.map(replication));
      return states.every((state) => state.includes('master_link_status:up'));
    });
    return { client: { kind: 'redis', waitFor: WAIT_FOR }, addresses, leader: async () => 0, stop: () => group.stop() };
  });
}

function valueWords(key: string, value: string): readonly string[] {
  return key === 'replicaof' ? value.split(' ') : [value];
}

async function replication(address: Address): Promise<string> {
  return String(await within(STATUS_TIMEOUT_MS, askRedis(address, 'INFO', 'replication')));
}
