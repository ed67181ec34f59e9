/** Causeway as it comes: a lab of three replica processes and a nats-server, every write synced before it is acknowledged. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../../src/adapters/run-program.js';
import { leaderOf } from '../../load/lab-leader.js';
import { builtLab, ROOT } from '../../root.js';
import { addressOf } from '../servers.js';
import { type MeasuredSystem, type RunningCluster, SERVERS } from '../system.js';

const GIT_TIMEOUT_MS = 5_000;

export const causeway: MeasuredSystem = {
  name: 'Causeway',
  durability: 'fsync before acknowledgement',
  operations: ['linearizable write', 'linearizable read', 'replicated write', 'local write', 'local read'],
  find: async () => {
    const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const git = await runProgram('git', ['rev-parse', '--short', 'HEAD'], { timeoutMs: GIT_TIMEOUT_MS, cwd: ROOT });
    return { kind: 'present', version: git.ok ? `${version} (${git.stdout.trim()})` : version };
  },
  start: startCauseway,
};

async function startCauseway(folder: string): Promise<RunningCluster> {
  const { startLab } = await builtLab();
  const dataFolder = join(folder, 'lab');
  mkdirSync(dataFolder);
  const lab = await startLab({ replicas: SERVERS, dataFolder });
  return {
    client: { kind: 'causeway' },
    addresses: lab.replicas.map(({ url }) => addressOf(Number(new URL(url).port))),
    leader: () => leaderOf(lab),
    stop: () => lab.stop(),
  };
}
