/** Three production replicas in this process, served over real HTTP; only disks and the network between them are memory. */
import type { FastifyInstance } from 'fastify';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryNetwork } from '../../../src/adapters/memory-transport.js';
import { createSystemRandom } from '../../../src/adapters/system-random.js';
import { createSystemTime } from '../../../src/adapters/system-time.js';
import { buildApp } from '../../../src/api/app.js';
import { parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { leasePorts } from '../../../src/lab/port-lease.js';
import type { Replica } from '../../../src/replica/handle.js';
import { openReplica } from '../../../src/replica/open-replica.js';

export interface MemoryCluster {
  /** By position: r1, r2, r3. */
  readonly urls: readonly [string, string, string];
  /** End one replica in order, as SIGTERM does. */
  stop(index: number): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly app: FastifyInstance;
  readonly replica: Replica;
}

export async function startMemoryCluster(): Promise<MemoryCluster> {
  const [time, random] = [createSystemTime(), createSystemRandom()];
  const network = createMemoryNetwork({ time, random });
  const ids = ['r1', 'r2', 'r3'].map(parseReplicaId);
  const lease = await leasePorts(ids.length, 17_400);
  const { ports } = lease;
  const members = ids.map((id, i) => ({ id, url: `http://127.0.0.1:${ports[i]}` }));
  const running: (Running | undefined)[] = await Promise.all(
    members.map(async ({ id, url }, i) => {
      const replica = await openReplica({
        id,
        cluster: parseClusterId('client-test'),
        url,
        members,
        storage: openMemoryStorage(),
        transport: network.connect(id),
        time,
        random,
        trace: () => undefined,
        enableFaults: true,
        onFatal: (error) => {
          throw error;
        },
      });
      const app = buildApp({ replica });
      await app.listen({ host: '127.0.0.1', port: ports[i] ?? 0 });
      return { app, replica };
    }),
  );
  const stop = async (index: number): Promise<void> => {
    const ended = running[index];
    running[index] = undefined;
    if (ended === undefined) return;
    await ended.replica.drain();
    await ended.app.close();
    await ended.replica.close();
  };
  const [r1 = '', r2 = '', r3 = ''] = members.map(({ url }) => url);
  const close = async (): Promise<void> => {
    await Promise.all([0, 1, 2].map(stop));
    lease.release();
  };
  return { urls: [r1, r2, r3], stop, close };
}
