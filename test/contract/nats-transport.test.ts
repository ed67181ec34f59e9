/** What the NATS transport does beyond the contract: which server it speaks of, what it tells, and servers that misbehave. */
import { createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startEmbeddedBroker } from '../../src/adapters/embedded-broker.js';
import { resolveNatsServer } from '../../src/adapters/nats-server.js';
import { startNatsServer } from '../../src/adapters/nats-server-process.js';
import { connectNats } from '../../src/adapters/nats-transport.js';
import { parseClusterId, parseReplicaId } from '../../src/base/ids.js';
import type { TraceEvent } from '../../src/ports/trace.js';
import type { Transport } from '../../src/ports/transport.js';
import { freePort, serverKinds } from './nats-servers.js';

const CLUSTER = parseClusterId('c1');
const A = parseReplicaId('r1');
const B = parseReplicaId('r2');
const PATIENCE_MS = 15_000;

const cleanUps: (() => Promise<unknown>)[] = [];
const kinds = await serverKinds();
const nats = await resolveNatsServer(process.env, { install: false });

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Traced {
  readonly transport: Transport;
  readonly events: TraceEvent[];
}

async function open(servers: readonly string[], self = A): Promise<Traced> {
  const events: TraceEvent[] = [];
  const transport = await connectNats({ servers, cluster: CLUSTER, self, trace: (event) => events.push(event) });
  cleanUps.push(() => transport.close());
  return { transport, events };
}

function named(name: string, events: readonly TraceEvent[]): readonly TraceEvent[] {
  return events.filter((event) => event.name === name);
}

/** Accepts every connection and does what `talk` does with it. */
async function listenWith(talk: string | undefined): Promise<{ url: string; connections(): number }> {
  const port = await freePort();
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    socket.on('error', () => undefined);
    if (talk !== undefined) socket.end(talk);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `nats://127.0.0.1:${port}`, connections: () => sockets.size };
}

describe('the NATS transport', () => {
  for (const kind of kinds) {
    test(`calls ${kind.name} "${kind.description}"`, async () => {
      const server = await kind.start(0);
      cleanUps.push(() => server.kill());
      const { transport, events } = await open([server.url]);
      expect(transport.status()).toEqual({ connected: true, description: kind.description });
      expect(events).toEqual([
        {
          name: 'transport.connected',
          level: 'info',
          facts: { hostPort: `127.0.0.1:${server.port}`, server: kind.description },
        },
      ]);
    });
  }

  test('refuses to start without an address or with a wrong one', async () => {
    await expect(open([])).rejects.toMatchObject({ code: 'invalid-config' });
    await expect(open(['http://127.0.0.1:80'])).rejects.toMatchObject({ code: 'invalid-config' });
  });

  test('tells each reason for not being connected once, however often it tries', async () => {
    const server = `nats://127.0.0.1:${await freePort()}`;
    const { transport, events } = await open([server]);
    expect(transport.status()).toEqual({ connected: false, description: 'nats (not reached yet)' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(events.map(({ name, facts }) => [name, facts?.['reason']])).toEqual([
      ['transport.connect-failed', 'ECONNREFUSED'],
    ]);
  });

  test.each([
    ['hangs up', '', /hung up/],
    ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak/],
    ['introduces itself in broken JSON', 'INFO {"version"\r\n', /does not speak/],
    ['hangs up after a good start', 'INFO {"version":"2.9.0","max_payload":1,"proto":1}\r\n', /./],
  ])('a server that %s leaves it disconnected, and is told of', async (_, talk, reason) => {
    const { transport, events } = await open([(await listenWith(talk)).url]);
    expect(transport.status().connected).toBe(false);
    await eventually(() => expect(named('transport.connect-failed', events).length).toBeGreaterThan(0));
    expect(named('transport.connect-failed', events)[0]?.facts?.['reason']).toMatch(reason);
  });

  test('a server that accepts and says nothing holds it up for a bounded time, and leaves no socket behind', async () => {
    const silent = await listenWith(undefined);
    const { transport } = await open([silent.url]);
    expect(transport.status().connected).toBe(false);
    await transport.close();
    await eventually(() => expect(silent.connections()).toBe(0));
  });

  test('goes on to the next server when one dies, and comes back to the first', async () => {
    const [first, second] = [await freePort(), await freePort()];
    let brokerA = await startEmbeddedBroker({ port: first });
    cleanUps.push(() => brokerA.close());
    const { transport, events } = await open([`nats://127.0.0.1:${first}`, `nats://127.0.0.1:${second}`]);
    await brokerA.close();
    const brokerB = await startEmbeddedBroker({ port: second });
    cleanUps.push(() => brokerB.close());
    await eventually(() => expect(named('transport.connected', events).length).toBe(2));
    await brokerB.close();
    brokerA = await startEmbeddedBroker({ port: first });
    await eventually(() => expect(named('transport.connected', events).length).toBe(3));
    expect(named('transport.connected', events).map(({ facts }) => facts?.['hostPort'])).toEqual([
      `127.0.0.1:${first}`,
      `127.0.0.1:${second}`,
      `127.0.0.1:${first}`,
    ]);
    expect(named('transport.disconnected', events).length).toBe(2);
    expect(transport.status().connected).toBe(true);
  });

  test('a small message that came among large ones does not keep their memory', async () => {
    const broker = await startEmbeddedBroker();
    cleanUps.push(() => broker.close());
    const [a, b] = [await open([broker.url], A), await open([broker.url], B)];
    const received: Uint8Array[] = [];
    b.transport.onMessage((bytes) => received.push(bytes));
    const sizes = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 10 : 9000));
    for (const size of sizes) a.transport.send(B, new Uint8Array(size));
    await eventually(() => expect(received.length).toBe(200));
    for (const bytes of received) expect(bytes.buffer.byteLength).toBeLessThanOrEqual(4 * bytes.length);
  });

  test('a message over the limit of the server is told of, with its size', async () => {
    const broker = await startEmbeddedBroker({ payloadMaxBytes: 5000 });
    cleanUps.push(() => broker.close());
    const { transport, events } = await open([broker.url]);
    transport.send(B, new Uint8Array(5000));
    for (let n = 0; n < 100; n += 1) transport.broadcast(new Uint8Array(5001));
    expect(named('transport.dropped', events).map(({ facts }) => facts)).toEqual([
      { reason: 'over-max-payload', messages: 1, largestBytes: 5001 },
    ]);
    expect(transport.status().connected).toBe(true);
  });
});

describe.runIf(nats.kind !== 'none')('the NATS transport and a difficult nats-server', () => {
  const binary = nats.kind === 'binary' ? nats.path : '';

  async function start(settings: Readonly<Record<string, unknown>> = {}) {
    const server = await startNatsServer({ binary, settings });
    cleanUps.push(() => server.close());
    return server;
  }

  test('credentials of the address are used, and wrong ones are told of as a refusal', async () => {
    const { port } = await start({ authorization: { user: 'u', password: 'p@ss' } });
    const right = await open([`nats://u:p%40ss@127.0.0.1:${port}`]);
    expect(right.transport.status().connected).toBe(true);
    const wrong = await open([`nats://u:wrong@127.0.0.1:${port}`]);
    expect(wrong.transport.status().connected).toBe(false);
    expect(named('transport.refused', wrong.events)).toMatchObject([{ level: 'error' }]);
    expect(JSON.stringify(wrong.events)).not.toContain('wrong');
  });

  test('a token in the address is used', async () => {
    const { port } = await start({ authorization: { token: 's3cret' } });
    const { transport } = await open([`nats://s3cret@127.0.0.1:${port}`]);
    expect(transport.status().connected).toBe(true);
  });

  test('subjects that it may not subscribe to are a refusal: it is not connected and deaf', async () => {
    const permissions = { publish: '>', subscribe: 'elsewhere' };
    const { port } = await start({ authorization: { users: [{ user: 'u', password: 'p', permissions }] } });
    const { transport, events } = await open([`nats://u:p@127.0.0.1:${port}`]);
    expect(transport.status().connected).toBe(false);
    expect(named('transport.refused', events)[0]?.facts?.['reason']).toMatch(/Permissions Violation/);
  });

  test('subjects that it may not publish to are told of, and it stays connected', async () => {
    const permissions = { publish: 'elsewhere', subscribe: '>' };
    const { port } = await start({ authorization: { users: [{ user: 'u', password: 'p', permissions }] } });
    const { transport, events } = await open([`nats://u:p@127.0.0.1:${port}`]);
    transport.broadcast(new Uint8Array(1));
    await eventually(() => expect(named('transport.server-error', events).length).toBe(1));
    expect(transport.status().connected).toBe(true);
  });

  test('a server that freezes is noticed by its silence; what is sent meanwhile is bounded; a thaw heals all', async () => {
    const server = await start();
    const [a, b] = [await open([server.url], A), await open([server.url], B)];
    const received: Uint8Array[] = [];
    b.transport.onMessage((bytes) => received.push(bytes));
    process.kill(server.pid, 'SIGSTOP');
    // Twice what may be under way: the rest must be dropped, not kept.
    for (let n = 0; n < 1000; n += 1) a.transport.send(B, new Uint8Array(64 * 1024));
    expect(named('transport.dropped', a.events)).toMatchObject([{ facts: { reason: 'backlog-full' } }]);
    await eventually(() => expect([a, b].map(({ transport }) => transport.status().connected)).toEqual([false, false]));
    process.kill(server.pid, 'SIGCONT');
    await eventually(() => expect([a, b].map(({ transport }) => transport.status().connected)).toEqual([true, true]));
    a.transport.send(B, Uint8Array.of(42));
    await eventually(() => expect(received.at(-1)).toEqual(Uint8Array.of(42)));
  });

  test('close returns although the server is frozen', async () => {
    const server = await start();
    const { transport } = await open([server.url]);
    process.kill(server.pid, 'SIGSTOP');
    for (let n = 0; n < 400; n += 1) transport.broadcast(new Uint8Array(64 * 1024));
    await transport.close();
    expect(transport.status().connected).toBe(false);
    process.kill(server.pid, 'SIGCONT');
  });
});

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 5 });
}
