/** etcd as it comes: every entry is synced before it is acknowledged. */
import { join } from 'node:path';
import { findServer, INSTALL_HINT, type Program } from '../programs.js';
import { addressOf, freePorts, HOST, startGroup } from '../servers.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const STATUS_TIMEOUT_MS = 2_000;

interface MemberStatus {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

const program = (): Promise<Program | undefined> => findServer('etcd', /etcd Version: (\S+)/);

export const etcd: MeasuredSystem = {
  name: 'etcd',
  durability: 'fsync before acknowledgement',
  operations: ['linearizable write', 'linearizable read', 'local read'],
  find: async () => {
    const found = await program();
    if (found === undefined) return { kind: 'missing', reason: `etcd is not installed (${INSTALL_HINT})` };
    return { kind: 'present', version: found.version };
  },
  start: startEtcd,
};

async function startEtcd(folder: string): Promise<RunningCluster> {
  const found = await program();
  if (found === undefined) throw new Error('etcd has gone');
  const ports = await freePorts(SERVERS, 2);
  const url = (port = 0): string => `http://${HOST}:${port}`;
  const cluster = ports.map(([peer], i) => `n${i + 1}=${url(peer)}`).join(',');
  const addresses = ports.map(([, client = 0]) => addressOf(client));
  return startGroup(folder, async (group) => {
    for (const [i, [peer, client]] of ports.entries()) {
      const name = `n${i + 1}`;
      const settings = {
        name,
        'data-dir': join(folder, name),
        'listen-peer-urls': url(peer),
        'initial-advertise-peer-urls': url(peer),
        'listen-client-urls': url(client),
        'advertise-client-urls': url(client),
        'initial-cluster': cluster,
        'initial-cluster-state': 'new',
        'initial-cluster-token': 'bench',
        'log-level': 'error',
      };
      group.spawn(name, [...found.command, ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)]);
    }
    const statuses = (): Promise<readonly MemberStatus[]> =>
      Promise.all(addresses.map(({ port }) => status(url(port))));
    await group.until('etcd has a leader', async () => {
      const leaders = new Set((await statuses()).map(({ leader = '0' }) => leader));
      return leaders.size === 1 && !leaders.has('0');
    });
    return {
      client: { kind: 'etcd' },
      addresses,
      leader: async () => (await statuses()).findIndex(({ header, leader }) => header.member_id === leader),
      stop: () => group.stop(),
    };
  });
}

async function status(url: string): Promise<MemberStatus> {
  const signal = AbortSignal.timeout(STATUS_TIMEOUT_MS);
  const answer = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}', signal });
  return (await answer.json()) as MemberStatus;
}
