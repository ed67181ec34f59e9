/** A production replica by itself, over LMDB in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStorage } from '../src/adapters/lmdb-storage.js';
import { createMemoryNetwork } from '../src/adapters/memory-transport.js';
import { createSystemRandom } from '../src/adapters/system-random.js';
import { createSystemTime } from '../src/adapters/system-time.js';
import { parseClusterId, parseReplicaId } from '../src/base/ids.js';
import type { Replica } from '../src/replica/handle.js';
import { openReplica } from '../src/replica/open-replica.js';

export interface LoneReplica {
  readonly replica: Replica;
  close(): Promise<void>;
}

export async function openLoneReplica(): Promise<LoneReplica> {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-bench.'));
  const id = parseReplicaId('r1');
  const time = createSystemTime();
  const random = createSystemRandom();
  const replica = await openReplica({
    id,
    cluster: parseClusterId('bench'),
    url: 'http://127.0.0.1',
    members: [{ id, url: undefined }],
    storage: await openLmdbStorage({ directory }),
    transport: createMemoryNetwork({ time, random }).connect(id),
    time,
    random,
    trace: () => {},
    enableFaults: false,
    onFatal: (error) => {
      throw error;
    },
  });
  return {
    replica,
    close: async () => {
      await replica.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
