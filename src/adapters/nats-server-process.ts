/** A nats-server on loopback as a child of this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../base/errors.js';
import { probeNats } from './nats-probe.js';
import { parseNatsUrl } from './nats-url.js';

export interface NatsServerOptions {
  /** Path of the program. */
  readonly binary: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly serverName?: string;
  readonly payloadMaxBytes?: number;
  /** Turns JetStream on, with its files here. */
  readonly storeDirectory?: string;
  /** Joins servers into one; `port` 0 lets the system choose, `routes` are the `routeUrl`s of others. */
  readonly cluster?: { readonly name: string; readonly port?: number; readonly routes?: readonly string[] };
  /** Anything else of its configuration file, e.g. `authorization`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface RunningNatsServer {
  readonly url: string;
  readonly port: number;
  /** Where other servers of its cluster reach it. */
  readonly routeUrl: string | undefined;
  readonly pid: number;
  readonly version: string;
  /** Settles when it is gone, for whatever reason, with the last line it wrote. Never rejects. */
  readonly exited: Promise<string>;
  /** Asks it to stop, insists after a while, and removes its temporary files; `storeDirectory` stays. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 10;
const STOP_TIMEOUT_MS = 3_000;

/**
 * Runs nats-server on 127.0.0.1 and resolves when it accepts clients. It ends with this process unless that is killed.
 * @throws CausewayError `port-in-use` or `transport-failed` with what it said.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-nats-'));
  const config = join(directory, 'nats.conf');
  writeFileSync(config, JSON.stringify(configOf(options, directory)));
  const child = spawn(options.binary, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = watchExit(child);
  endWithUs(child);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(insist);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { url, routeUrl } = await Promise.race([waitForPorts(directory), exited.then(failedStart)]);
    const address = parseNatsUrl(url);
    const { version } = await probeNats({ ...address, timeoutMs: START_TIMEOUT_MS });
    return { url, port: address.port, routeUrl, pid: child.pid ?? 0, version, exited, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The configuration language is a superset of JSON; -1 is its word for a port that the system chooses. */
function configOf(options: NatsServerOptions, directory: string): Readonly<Record<string, unknown>> {
  const { port = 0, serverName, payloadMaxBytes, storeDirectory, cluster } = options;
  const listen = (wanted: number): string => `127.0.0.1:${wanted === 0 ? -1 : wanted}`;
  return {
    ...options.settings,
    listen: listen(port),
    ports_file_dir: directory,
    ...(serverName === undefined ? {} : { server_name: serverName }),
    ...(payloadMaxBytes === undefined ? {} : { max_payload: payloadMaxBytes }),
    ...(storeDirectory === undefined ? {} : { jetstream: { store_dir: storeDirectory } }),
    ...(cluster === undefined
      ? {}
      : { cluster: { name: cluster.name, listen: listen(cluster.port ?? 0), routes: cluster.routes ?? [] } }),
  };
}

async function waitForPorts(directory: string): Promise<{ url: string; routeUrl: string | undefined }> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const ports = readPorts(directory);
    if (ports !== undefined) return ports;
    await sleep(START_POLL_MS);
  }
  throw new CausewayError('transport-failed', `nats-server did not listen within ${START_TIMEOUT_MS} ms`);
}

/** The server writes what it listens on to a file of JSON; until that is whole there is nothing to read. */
function readPorts(directory: string): { url: string; routeUrl: string | undefined } | undefined {
  const file = readdirSync(directory).find((name) => name.endsWith('.ports'));
  if (file === undefined) return undefined;
  try {
    const ports: { nats?: string[]; cluster?: string[] } = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    const url = ports.nats?.[0];
    return url === undefined ? undefined : { url, routeUrl: ports.cluster?.[0] };
  } catch {
    return undefined;
  }
}

function failedStart(lastLine: string): never {
  const inUse = /address already in use/.test(lastLine);
  throw new CausewayError(inUse ? 'port-in-use' : 'transport-failed', `nats-server ended at once: ${lastLine}`);
}

function watchExit(child: ChildProcess): Promise<string> {
  let lastLine = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastLine = text.trimEnd().split('\n').at(-1) ?? lastLine;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(lastLine));
  });
}

const children = new Set<ChildProcess>();

function endWithUs(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', killChildren);
  children.add(child);
  child.once('close', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killChildren);
  });
}

function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}
