/** Servers as child processes: each is known by its process id, and none outlives the measurement. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, pathDirectories } from '../../src/adapters/run-program.js';
import { leasePorts } from '../../src/lab/port-lease.js';
import type { Address } from '../load/client-socket.js';

export const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
/** Below the ports that Linux gives to outgoing connections, of which there are many here. */
const BASE_PORT = 21_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Has the system kill the server if this process is killed itself and cannot. */
const SET_PRIVILEGES = findProgram('setpriv', pathDirectories(process.env));
const DIE_WITH_PARENT = SET_PRIVILEGES === undefined ? [] : [SET_PRIVILEGES, '--pdeathsig', 'KILL', '--'];

export class ServerGroup {
  readonly #folder: string;
  readonly #stops: (() => Promise<void>)[] = [];
  #ended: string | undefined;

  /** @param folder an existing one, for the logs. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  spawn(name: string, command: readonly string[]): void {
    const [program = '', ...args] = [...DIE_WITH_PARENT, ...command];
    const logFile = join(this.#folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    const child = spawn(program, args, { cwd: this.#folder, stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(child);
    let stopping = false;
    const exited = new Promise<void>((resolve) => {
      const onEnd = (how: string): void => {
        running.delete(child);
        if (!stopping) this.#ended ??= `${name} ended (${how}): ${lastLineOf(logFile)}`;
        resolve();
      };
      child.once('error', (error) => onEnd(error.message));
      child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
    });
    this.#stops.push(async () => {
      stopping = true;
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(insist);
    });
  }

  /** Asks again until it is so. A check that throws is one that says no. @throws Error that says what does not start. */
  async until(what: string, check: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    let reason = 'no';
    while (performance.now() < deadlineMs) {
      if (this.#ended !== undefined) throw new Error(this.#ended);
      try {
        if (await check()) return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      await sleep(POLL_MS);
    }
    throw new Error(`${what}: not within ${START_TIMEOUT_MS} ms (${reason})`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.splice(0).map((stop) => stop()));
  }
}

function lastLineOf(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return lines.at(-1) ?? 'it said nothing';
}

/** Runs `start` with a group that is stopped if it fails. */
export async function startGroup<T>(folder: string, start: (group: ServerGroup) => Promise<T>): Promise<T> {
  const group = new ServerGroup(folder);
  try {
    return await start(group);
  } catch (error) {
    await group.stop();
    throw error;
  }
}

/** Ports that nothing listens on, `count` for each of `servers` servers. */
export async function freePorts(servers: number, count: number): Promise<readonly (readonly number[])[]> {
  const lease = await leasePorts(servers * count, BASE_PORT);
  lease.release();
  return Array.from({ length: servers }, (_, i) => lease.ports.slice(i * count, (i + 1) * count));
}

export function addressOf(port: number): Address {
  return { host: HOST, port };
}

/** @throws Error when `task` takes longer. */
export async function within<T>(ms: number, task: Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = sleep(ms, undefined, { signal: controller.signal }).then((): never => {
    throw new Error(`no answer within ${ms} ms`);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    late.catch(() => undefined);
    controller.abort();
  }
}
