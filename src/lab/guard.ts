/** The lab's side of its guard: the process that runs the broker and cleans up when the lab is gone. */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CausewayError, ERRORS } from '../base/errors.js';
import type { BrokerOrder, GuardOrder, GuardReport } from './guard-protocol.js';

export interface StartedBroker {
  readonly url: string;
  readonly port: number;
}

export interface Guard {
  /** @throws CausewayError `port-in-use` or `transport-failed`. */
  startBroker(broker: BrokerOrder, port: number): Promise<StartedBroker>;
  stopBroker(): Promise<void>;
  /** The process must not outlive the lab. */
  watch(pid: number): void;
  unwatch(pid: number): void;
  /** Ends the broker, removes the temporary folder; resolves when the guard itself is gone. */
  end(): Promise<void>;
}

/** What happens without having been ordered. */
export interface GuardEvents {
  brokerDied(lastLine: string): void;
  guardDied(): void;
}

/** @param temporaryFolder removed at the end; undefined if there is none. */
export function startGuard(temporaryFolder: string | undefined, events: GuardEvents): Guard {
  const child = fork(fileURLToPath(new URL('./guard-main.js', import.meta.url)), [temporaryFolder ?? ''], {
    // A session of its own: Ctrl-C in a terminal reaches the lab alone, and the guard ends after it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  return new ForkedGuard(child, temporaryFolder, events);
}

class ForkedGuard implements Guard {
  readonly #child: ChildProcess;
  readonly #temporaryFolder: string | undefined;
  readonly #exited: Promise<void>;
  #answer: ((report: GuardReport) => void) | undefined;
  #brokerPid: number | undefined;
  #ending = false;

  constructor(child: ChildProcess, temporaryFolder: string | undefined, events: GuardEvents) {
    this.#child = child;
    this.#temporaryFolder = temporaryFolder;
    child.on('message', (report: GuardReport) => {
      if (report.kind === 'broker-died') events.brokerDied(report.lastLine);
      else this.#answer?.(report);
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#answer?.({ kind: 'broker-failed', code: 'transport-failed', detail: 'the guard process ended' });
        resolve();
        if (this.#ending) return;
        killIfAlive(this.#brokerPid);
        events.guardDied();
      });
    });
  }

  async startBroker(broker: BrokerOrder, port: number): Promise<StartedBroker> {
    const report = await this.#ask({ kind: 'start-broker', broker, port });
    if (report.kind === 'broker-started') {
      this.#brokerPid = report.pid;
      return { url: report.url, port: report.port };
    }
    const { code, detail } = report.kind === 'broker-failed' ? report : { code: '', detail: report.kind };
    throw new CausewayError(isStartFailure(code) ? code : 'transport-failed', detail);
  }

  async stopBroker(): Promise<void> {
    await this.#ask({ kind: 'stop-broker' });
    this.#brokerPid = undefined;
  }

  watch(pid: number): void {
    this.#tell({ kind: 'watch', pid });
  }

  unwatch(pid: number): void {
    this.#tell({ kind: 'unwatch', pid });
  }

  async end(): Promise<void> {
    this.#ending = true;
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
    // The guard has done this, unless it was killed.
    if (this.#temporaryFolder !== undefined) rmSync(this.#temporaryFolder, { recursive: true, force: true });
  }

  #ask(order: GuardOrder): Promise<GuardReport> {
    return new Promise((resolve) => {
      this.#answer = (report) => {
        this.#answer = undefined;
        resolve(report);
      };
      this.#tell(order);
    });
  }

  #tell(order: GuardOrder): void {
    // A guard that has died is reported by its exit; a failed send would say the same a second time.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }
}

function isStartFailure(code: string): code is 'port-in-use' | 'transport-failed' {
  return (code === 'port-in-use' || code === 'transport-failed') && Object.hasOwn(ERRORS, code);
}

function killIfAlive(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already, which is what was wanted.
  }
}
