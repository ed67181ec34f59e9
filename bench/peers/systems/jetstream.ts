/**
 * A key-value bucket of JetStream with three replicas, twice: as it comes, which syncs its files every two minutes, and with
 * `sync_interval: always`, which syncs before it acknowledges. Its reads are of whatever copy answers, so there is no linearizable one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../../load/client-socket.js';
import { jetStreamJson, openNatsRequests } from '../clients/nats-client.js';
import { findServer, INSTALL_HINT, type Program } from '../programs.js';
import { addressOf, freePorts, HOST, startGroup, within } from '../servers.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const BUCKET = 'bench';
const STREAM = `KV_${BUCKET}`;
const REQUEST_TIMEOUT_MS = 2_000;
/** The first release with `sync_interval`. */
const OLDEST_MINOR = 10;

/** What the official clients ask for when they make a bucket. */
const STREAM_CONFIG = {
  name: STREAM,
  subjects: [`$KV.${BUCKET}.>`],
  storage: 'file',
  num_replicas: SERVERS,
  max_msgs_per_subject: 1,
  discard: 'new',
  allow_direct: true,
  allow_rollup_hdrs: true,
  deny_delete: true,
};

interface StreamInfo {
  readonly cluster: { readonly leader?: string; readonly replicas?: readonly { readonly current: boolean }[] };
}

async function program(): Promise<Program | undefined> {
  const found = await findServer('nats-server', /nats-server: v?(\d+\.\d+\.\d+)/);
  const [major = 0, minor = 0] = found?.version.split('.').map(Number) ?? [];
  return major > 2 || minor >= OLDEST_MINOR ? found : undefined;
}

function variant(name: string, durability: MeasuredSystem['durability'], settings: object): MeasuredSystem {
  return {
    name,
    durability,
    operations: ['linearizable write', 'local read'],
    find: async () => {
      const found = await program();
      const reason = `there is no nats-server 2.${OLDEST_MINOR} or later (${INSTALL_HINT})`;
      return found === undefined ? { kind: 'missing', reason } : { kind: 'present', version: found.version };
    },
    start: (folder) => startJetStream(folder, settings),
  };
}

export const jetStreamSynced = variant('JetStream', 'fsync before acknowledgement', { sync_interval: 'always' });
export const jetStreamDefault = variant('JetStream (default)', 'fsync later', {});

async function startJetStream(folder: string, settings: object): Promise<RunningCluster> {
  const found = await program();
  if (found === undefined) throw new Error('nats-server has gone');
  const ports = await freePorts(SERVERS, 2);
  const addresses = ports.map(([client = 0]) => addressOf(client));
  const routes = ports.map(([, route]) => `nats://${HOST}:${route}`);
  return startGroup(folder, async (group) => {
    for (const [i, [client, route]] of ports.entries()) {
      const name = `n${i + 1}`;
      mkdirSync(join(folder, name));
      // The configuration language is a superset of JSON.
      const config = {
        server_name: name,
        listen: `${HOST}:${client}`,
        jetstream: { store_dir: join(folder, name), ...settings },
        cluster: { name: 'bench', listen: `${HOST}:${route}`, routes: routes.filter((_, other) => other !== i) },
      };
      const file = join(folder, `${name}.conf`);
      writeFileSync(file, JSON.stringify(config));
      group.spawn(name, [...found.command, '-c', file]);
    }
    const [first] = addresses as [Address];
    await group.until('JetStream makes a bucket', async () => {
      await ask<StreamInfo>(first, `$JS.API.STREAM.CREATE.${STREAM}`, STREAM_CONFIG);
      return true;
    });
    const info = (): Promise<StreamInfo> => ask<StreamInfo>(first, `$JS.API.STREAM.INFO.${STREAM}`, {});
    await group.until('all copies of the bucket are current', async () => {
      const { leader, replicas = [] } = (await info()).cluster;
      return leader !== undefined && replicas.length === SERVERS - 1 && replicas.every(({ current }) => current);
    });
    const leader = async (): Promise<number> => Number((await info()).cluster.leader?.slice(1)) - 1;
    return { client: { kind: 'jetstream', bucket: BUCKET }, addresses, leader, stop: () => group.stop() };
  });
}

async function ask<T>(address: Address, subject: string, payload: object): Promise<T> {
  const exchange = async (): Promise<T> => {
    const nats = await openNatsRequests(address);
    try {
      return jetStreamJson<T>(await within(REQUEST_TIMEOUT_MS, nats.request(subject, JSON.stringify(payload))));
    } finally {
      nats.close();
    }
  };
  return within(2 * REQUEST_TIMEOUT_MS, exchange());
}
