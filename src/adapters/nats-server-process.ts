/** A nats-server as a child of this process, on loopback unless it is told otherwise. */
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
  /** Words before the program, e.g. those that take it into a network namespace; it must become the program itself. */
  readonly launcher?: readonly string[];
  /** Defaults to 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly serverName?: string;
  readonly payloadMaxBytes?: number;
  /** Turns JetStream on, with its files here. */
  readonly storeDirectory?: string;
  /** Joins servers into one; `port` 0 lets the system choose, `routes` are the `routeUrl`s of others. */
  readonly cluster?: NatsClusterOptions;
  /** Anything else of its configuration file, e.g. `authorization`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface NatsClusterOptions {
  readonly name: string;
  readonly port?: number;
  readonly routes?: readonly string[];
  /** `host:port` where the others are told to reach it, instead of where it listens. */
  readonly advertise?: string;
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
  /** Ends it without warning, as a crash would, and removes its temporary files. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 10;
const STOP_TIMEOUT_MS = 3_000;

/**
 * Runs nats-server and resolves when it accepts clients. It ends with this process unless that is killed.
 * @throws CausewayError `port-in-use` or `transport-failed` with what it said.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-nats-'));
  const config = join(directory, 'nats.conf');
  writeFileSync(config, JSON.stringify(configOf(options, directory)));
  const [program = options.binary, ...words] = [...(options.launcher ?? []), options.binary, '-c', config];
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = watchExit(child);
  endWithUs(child);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(insist);
    rmSync(directory, { recursive: true, force: true });
  };
  const kill = (): Promise<void> => {
    child.kill('SIGKILL');
    return close();
  };
  try {
    const { url, routeUrl } = await Promise.race([waitForPorts(directory), exited.then(failedStart)]);
    const address = parseNatsUrl(url);
    const { version } = await probeNats({ ...address, timeoutMs: START_TIMEOUT_MS });
    return { url, port: address.port, routeUrl, pid: child.pid ?? 0, version, exited, close, kill };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The configuration language is a superset of JSON; -1 is its word for a port that the system chooses. */
function configOf(options: NatsServerOptions, directory: string): Readonly<Record<string, unknown>> {
  const { host = '127.0.0.1', port = 0, serverName, payloadMaxBytes, storeDirectory, cluster } = options;
  const listen = (wanted: number): string => `${host}:${wanted === 0 ? -1 : wanted}`;
  return {
    ...options.settings,
    listen: listen(port),
    ports_file_dir: directory,
    ...(serverName === undefined ? {} : { server_name: serverName }),
    ...(payloadMaxBytes === undefined ? {} : { max_payload: payloadMaxBytes }),
    ...(storeDirectory === undefined ? {} : { jetstream: { store_dir: storeDirectory } }),
    ...(cluster === undefined ? {} : { cluster: clusterConfigOf(cluster, listen) }),
  };
}

function clusterConfigOf(
  { port = 0, routes = [], ...named }: NatsClusterOptions,
  listen: (wanted: number) => string,
): Readonly<Record<string, unknown>> {
  return { ...named, listen: listen(port), routes };
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
