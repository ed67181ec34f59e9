/** A client of any of the systems. */
import { openCausewayClient } from '../load/causeway-client.js';
import type { Address } from '../load/client-socket.js';
import type { LoadClient, Operation } from '../load/operations.js';
import { openEtcdClient } from './clients/etcd-client.js';
import { openJetStreamClient } from './clients/nats-client.js';
import { openRedisClient } from './clients/redis-client.js';
import { openZooKeeperClient } from './clients/zookeeper-client.js';
import type { ClientKind } from './system.js';

export async function openClient(
  client: ClientKind,
  address: Address,
  operation: Operation,
  value: Uint8Array,
): Promise<LoadClient> {
  switch (client.kind) {
    case 'causeway':
      return openCausewayClient(address, operation, value);
    case 'etcd':
      return openEtcdClient(address, operation, value);
    case 'zookeeper':
      return openZooKeeperClient(address, operation, value);
    case 'redis':
      return openRedisClient(address, operation, value, client.waitFor);
    case 'jetstream':
      return openJetStreamClient(address, operation, value, client.bucket);
  }
}

/** A client that makes keys which are not there yet. */
export async function openFillingClient(client: ClientKind, address: Address, value: Uint8Array): Promise<LoadClient> {
  if (client.kind === 'zookeeper') return openZooKeeperClient(address, 'fill', value);
  return openClient(client, address, client.kind === 'redis' ? 'local write' : 'linearizable write', value);
}
