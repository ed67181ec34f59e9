/** One replica of a lab as a process that can be killed, paused and started again on its data. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { assert } from '../base/assert.js';
import { CausewayError, ERRORS, type ErrorCode } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { ReplicaReport } from './parent-channel.js';

export interface ReplicaLaunch {
  readonly id: string;
  readonly url: string;
  /** Words before the program; the last of them becomes the program, under the same process id. */
  readonly launcher: readonly string[];
  /** Arguments of `causeway serve`. */
  readonly args: readonly string[];
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
}

export interface ReplicaEvents {
  started(pid: number): void;
  /** `expected` if the lab itself ended it. */
  ended(pid: number, how: string, expected: boolean): void;
}

/** How long a replica that was asked to end may take before it is killed. */
const STOP_TIMEOUT_MS = LIMITS.drainMaxMs + 1_000;
const CLI = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export class ReplicaProcess {
  readonly id: string;
  readonly url: string;
  readonly #launch: ReplicaLaunch;
  readonly #events: ReplicaEvents;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = false;

  constructor(launch: ReplicaLaunch, events: ReplicaEvents) {
    this.id = launch.id;
    this.url = launch.url;
    this.#launch = launch;
    this.#events = events;
  }

  /** The process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it serves. @throws CausewayError with the reason it gave if it ends before. */
  start(): Promise<void> {
    assert(this.#child === undefined, 'replica is already running', { id: this.id, pid: this.pid });
    const log = openSync(this.#launch.logFile, 'a');
    const child = fork(CLI, ['serve', ...this.#launch.args, '--exit-with-parent'], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      ...programOf(this.#launch),
    });
    closeSync(log);
    this.#child = child;
    this.#expected = false;
    if (child.pid !== undefined) this.#events.started(child.pid);
    this.#exited = this.#watchExit(child);
    return firstWord(child, this.#launch);
  }

  /** Ends it without warning, as a crash would. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Lets it finish what is in progress; insists after a while. */
  async stop(): Promise<void> {
    this.#expected = true;
    this.resume();
    this.#child?.kill('SIGTERM');
    const insist = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(insist);
  }

  /** Kills it if it runs, and starts it on the data it left. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** From now on its end is no news, e.g. because it is being removed from the cluster. */
  expectEnd(): void {
    this.#expected = true;
  }

  /** Freezes it: it holds its connections and answers nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  #watchExit(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        const how = signal === null ? `exit code ${code}` : signal;
        if (child.pid !== undefined) this.#events.ended(child.pid, how, this.#expected);
        resolve();
      });
    });
  }
}

function programOf({ launcher }: ReplicaLaunch): { readonly execPath: string; readonly execArgv: string[] } {
  const [execPath = process.execPath, ...execArgv] = [...launcher, process.execPath];
  return { execPath, execArgv };
}

function firstWord(child: ChildProcess, { id, logFile }: ReplicaLaunch): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', (report: ReplicaReport) => {
      if (report.kind === 'ready') resolve();
      else reject(new CausewayError(isCode(report.code) ? report.code : 'internal-error', `${id}: ${report.sentence}`));
    });
    child.once('error', (error) => reject(error));
    child.once('exit', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      reject(new CausewayError('internal-error', `${id} ended before it served (${how}): ${lastLineOf(logFile)}`));
    });
  });
}

/** A temporary log is gone when somebody could read it, so its last words go into the message. */
function lastLineOf(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return (
    lines.findLast((line) => /error/i.test(line)) ?? lines.findLast((line) => line.trim() !== '') ?? 'it said nothing'
  );
}

function isCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}
