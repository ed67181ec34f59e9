import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startEmbeddedBroker } from '../../../src/adapters/embedded-broker.js';
import { probeNats } from '../../../src/adapters/nats-probe.js';
import { resolveNatsServer } from '../../../src/adapters/nats-server.js';
import { startNatsServer } from '../../../src/adapters/nats-server-process.js';
import { connectNats } from '../../../src/adapters/nats-transport.js';
import { parseClusterId, parseReplicaId } from '../../../src/base/ids.js';

const nats = await resolveNatsServer(process.env);
if (nats.kind === 'none') process.stdout.write(`skipped: running nats-server: ${nats.tried.join('; ')}\n`);

test('a program that is no nats-server is reported with what it said', async () => {
  const failed = expect.objectContaining({ code: 'transport-failed' });
  await expect(startNatsServer({ binary: '/nonexistent/nats-server' })).rejects.toEqual(failed);
  await expect(startNatsServer({ binary: '/bin/false' })).rejects.toEqual(failed);
});

describe.runIf(nats.kind !== 'none')('running nats-server', () => {
  const binary = nats.kind === 'binary' ? nats.path : '';

  test('it accepts clients when the promise resolves, and is gone after close', async () => {
    const server = await startNatsServer({ binary, serverName: 'tested' });
    const address = { hostname: '127.0.0.1', port: server.port, timeoutMs: 5_000 };
    expect(await probeNats(address)).toMatchObject({ server_name: 'tested', version: server.version });
    await server.close();
    await expect(probeNats(address)).rejects.toThrow('ECONNREFUSED');
    expect(() => process.kill(server.pid, 0)).toThrow();
  });

  test('a port that is taken is refused with a coded error, and nothing stays behind', async () => {
    const broker = await startEmbeddedBroker();
    const temporary = mkdtempSync(join(tmpdir(), 'causeway-test-'));
    vi.stubEnv('TMPDIR', temporary);
    const failed = expect.objectContaining({ code: 'port-in-use' });
    await expect(startNatsServer({ binary, port: broker.port })).rejects.toEqual(failed);
    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true });
    await broker.close();
  });

  test('the limit on payloads and JetStream can be set', async () => {
    const storeDirectory = mkdtempSync(join(tmpdir(), 'causeway-test-'));
    const server = await startNatsServer({ binary, payloadMaxBytes: 4096, storeDirectory });
    const info = await probeNats({ hostname: '127.0.0.1', port: server.port, timeoutMs: 5_000 });
    expect(info).toMatchObject({ max_payload: 4096, jetstream: true });
    await server.close();
    rmSync(storeDirectory, { recursive: true });
  });

  test('servers that name each other as routes carry messages between their clients', async () => {
    const first = await startNatsServer({ binary, serverName: 's1', cluster: { name: 'c' } });
    const routes = [first.routeUrl ?? ''];
    const second = await startNatsServer({ binary, serverName: 's2', cluster: { name: 'c', routes } });
    const [cluster, r1, r2] = [parseClusterId('c1'), parseReplicaId('r1'), parseReplicaId('r2')];
    const a = await connectNats({ servers: [first.url], cluster, self: r1 });
    const b = await connectNats({ servers: [second.url], cluster, self: r2 });
    const received: Uint8Array[] = [];
    b.onMessage((bytes) => received.push(bytes));
    await vi.waitFor(
      () => {
        // The route may need a moment before it knows who subscribed where.
        a.send(r2, Uint8Array.of(7));
        expect(received[0]).toEqual(Uint8Array.of(7));
      },
      { timeout: 15_000 },
    );
    for (const each of [a, b, first, second]) await each.close();
  });
});
