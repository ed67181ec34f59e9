import { createMemoryNetwork, type MemoryNetwork } from '../../src/adapters/memory-transport.js';
import { connectNats } from '../../src/adapters/nats-transport.js';
import { createSystemRandom } from '../../src/adapters/system-random.js';
import { createSystemTime } from '../../src/adapters/system-time.js';
import type { ClusterId } from '../../src/base/ids.js';
import { freePort, type ServerKind, serverKinds, type TestServer } from './nats-servers.js';
import { describeTransport, type TransportWorld } from './transport.js';

/** A network of its own for each cluster. */
function memoryWorld(begin: 'up' | 'down'): TransportWorld {
  const networks = new Map<ClusterId, MemoryNetwork>();
  let online = begin === 'up';
  const setOnline = (next: boolean): Promise<void> => {
    online = next;
    for (const network of networks.values()) network.setOnline(online);
    return Promise.resolve();
  };
  return {
    connect(cluster, self) {
      const options = { time: createSystemTime(), random: createSystemRandom() };
      const network = networks.get(cluster) ?? createMemoryNetwork(options);
      network.setOnline(online);
      networks.set(cluster, network);
      return Promise.resolve(network.connect(self));
    },
    kill: () => setOnline(false),
    restart: () => setOnline(true),
    close: () => Promise.resolve(),
  };
}

async function natsWorld(kind: ServerKind, begin: 'up' | 'down'): Promise<TransportWorld> {
  const port = await freePort();
  const servers = [`nats://127.0.0.1:${port}`];
  let running: TestServer | undefined = begin === 'up' ? await kind.start(port) : undefined;
  const kill = async (): Promise<void> => {
    await running?.kill();
    running = undefined;
  };
  return {
    connect: (cluster, self) => connectNats({ servers, cluster, self }),
    kill,
    async restart() {
      running = await kind.start(port);
    },
    close: kill,
  };
}

describeTransport('memory', (begin) => Promise.resolve(memoryWorld(begin)));
for (const kind of await serverKinds()) describeTransport(kind.name, (begin) => natsWorld(kind, begin));
