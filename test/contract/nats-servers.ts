/** The servers that tests talk to: the embedded broker always, nats-server of this system and a newer one if they can be had. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { cacheDirectories, firstWritable, PACKAGE_ROOT } from '../../src/adapters/cache-directory.js';
import { startEmbeddedBroker } from '../../src/adapters/embedded-broker.js';
import { installNatsServer, natsServerIn } from '../../src/adapters/nats-install.js';
import { resolveNatsServer } from '../../src/adapters/nats-server.js';
import { startNatsServer } from '../../src/adapters/nats-server-process.js';
import { runProgram } from '../../src/adapters/run-program.js';

/** Something that speaks the NATS protocol and can be killed. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
}

export interface ServerKind {
  readonly name: string;
  /** What `Transport.status().description` must be. */
  readonly description: string;
  /** @param port the one to use, or 0 for any. */
  start(port: number): Promise<TestServer>;
}

const NEWER_DEADLINE_MS = 40_000;
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const NEWER_SOURCES = `deb [signed-by=${DEBIAN_KEYRING}] http://deb.debian.org/debian testing main\n`;

const embeddedBroker: ServerKind = {
  name: 'embedded broker',
  description: 'embedded',
  async start(port) {
    const broker = await startEmbeddedBroker({ port });
    return { url: broker.url, port: broker.port, kill: () => broker.close() };
  },
};

/** Every kind of server that can be had here; what is missing is printed, not failed. */
export async function serverKinds(): Promise<readonly ServerKind[]> {
  const kinds: ServerKind[] = [embeddedBroker];
  const resolution = await resolveNatsServer(process.env, { announce });
  if (resolution.kind === 'binary') kinds.push(natsServer(resolution.path, resolution.version));
  else announce(`skipped: tests against nats-server, for want of one: ${resolution.tried.join('; ')}`);
  const newer = await newerNatsServer();
  if (newer !== undefined && kinds.every(({ name }) => name !== newer.name)) kinds.push(newer);
  return kinds;
}

function natsServer(binary: string, version: string): ServerKind {
  return {
    name: `nats-server ${version}`,
    description: `nats-server ${version}`,
    async start(port) {
      const server = await startNatsServer({ binary, port });
      return {
        url: server.url,
        port: server.port,
        async kill() {
          process.kill(server.pid, 'SIGKILL');
          await server.exited;
          await server.close();
        },
      };
    },
  };
}

async function newerNatsServer(): Promise<ServerKind | undefined> {
  const found = await newerBinary();
  if (found.kind === 'failed') {
    announce(`skipped: tests against a newer nats-server: ${found.reason}`);
    return undefined;
  }
  const { stdout } = await runProgram(found.path, ['-v'], { timeoutMs: 5_000 });
  return natsServer(found.path, stdout.trim().replace(/^.*v/, ''));
}

async function newerBinary(): ReturnType<typeof installNatsServer> {
  const cache = firstWritable(cacheDirectories(process.env, PACKAGE_ROOT).map((path) => join(path, 'newer')));
  if (cache === undefined) return { kind: 'failed', reason: 'no directory to keep it in' };
  if (existsSync(natsServerIn(cache))) return { kind: 'installed', path: natsServerIn(cache) };
  if (!existsSync(DEBIAN_KEYRING)) return { kind: 'failed', reason: 'this system does not know the keys of Debian' };
  const env = process.env;
  return installNatsServer({
    env,
    cacheDirectory: cache,
    timeoutMs: NEWER_DEADLINE_MS,
    announce: () => announce(`downloading a newer nats-server for the tests into ${cache}`),
    sources: NEWER_SOURCES,
  });
}

/** A port that is free now and that the system will not give to somebody else in the meantime. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function announce(line: string): void {
  process.stdout.write(`${line}\n`);
}
