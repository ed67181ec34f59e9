/** Replicas in network namespaces, between which the kernel drops packets. Takes Linux, root, ip, iptables and a nats-server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { resolveNatsServer } from '../../../src/adapters/nats-server.js';
import { runProgram } from '../../../src/adapters/run-program.js';
import { whyNoNamespaces } from '../../../src/lab/sites/namespaces.js';
import { openLab } from '../cluster/real-lab.js';
import { SOAK_TIMEOUT_MS, soakShortly } from './short-soak.js';

const CLUSTER = fileURLToPath(new URL('../../../dist/lab/cluster.js', import.meta.url));
const nats = await resolveNatsServer(process.env, { install: false });
const obstacle = nats.kind === 'none' ? nats.tried.join('; ') : await whyNoNamespaces();

if (obstacle === undefined) {
  test(
    'all promises hold while packets between replicas are dropped, in both directions and in one',
    () => soakShortly('namespaces', ['unplug the leader', 'mute the leader', 'deafen one', 'break one route']),
    SOAK_TIMEOUT_MS,
  );

  test('a lab that is killed leaves no namespace and no link behind', async () => {
    const script = `
      import { startLab } from ${JSON.stringify(CLUSTER)};
      const lab = await startLab({ network: 'namespaces', replicas: 1 });
      process.stdout.write(new URL(lab.replicas[0].url).hostname);
      setInterval(() => undefined, 1_000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [host] = (await once(child.stdout, 'data')) as [Buffer];
    const subnet = String(host).replace(/\d+$/, '');
    const link = new RegExp(`^\\d+: (\\S+) .* ${subnet}`, 'm').exec(await said('-4', '-o', 'addr'))?.[1] ?? '';
    expect(await said('netns')).toContain(`${link}-r1`);
    child.kill('SIGKILL');
    await expect.poll(() => said('netns')).not.toContain(link);
    await expect.poll(() => said('-o', 'link')).not.toContain(link);
  });
} else {
  process.stdout.write(`left out: proofs in network namespaces: ${obstacle}\n`);

  test('a lab in network namespaces is refused where there can be none', async () => {
    const refused = expect.objectContaining({ code: 'invalid-config' });
    await expect(openLab({ network: 'namespaces' })).rejects.toEqual(refused);
  });
}

async function said(...args: readonly string[]): Promise<string> {
  return (await runProgram('ip', args, { timeoutMs: 5_000 })).stdout;
}
