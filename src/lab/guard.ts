/** The lab's side of its guard: the process that runs the brokers and cleans up when the lab is gone. */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CausewayError, ERRORS } from '../base/errors.js';
import type { BrokerOrder, BrokerStarted, Command, GuardOrder, GuardReport } from './guard-protocol.js';
import { runUndoing } from './undoing.js';

export type StartedBroker = Pick<BrokerStarted, 'url' | 'port' | 'routeUrl'>;

export interface Guard {
  /** @throws CausewayError `port-in-use` or `transport-failed`. */
  startBroker(name: string, broker: BrokerOrder, port: number): Promise<StartedBroker>;
  /** As a crash would end it. Done, too, if there is none of this name. */
  stopBroker(name: string): Promise<void>;
  /** The process must not outlive the lab. */
  watch(pid: number): void;
  unwatch(pid: number): void;
  /** To be run at the end, however that comes; what was told last is run first. */
  undoAtEnd(command: Command): void;
  /** Ends the brokers, undoes, removes the temporary folder; resolves when the guard itself is gone. */
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
  /** Those who wait for an answer, in the order of their questions, which the guard keeps. */
  readonly #waiting: ((report: GuardReport) => void)[] = [];
  readonly #brokerPids = new Map<string, number>();
  readonly #undoing: Command[] = [];
  #ending = false;
  #isGone = false;

  constructor(child: ChildProcess, temporaryFolder: string | undefined, events: GuardEvents) {
    this.#child = child;
    this.#temporaryFolder = temporaryFolder;
    child.on('message', (report: GuardReport) => {
      if (report.kind === 'broker-died') events.brokerDied(report.lastLine);
      else this.#waiting.shift()?.(report);
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#isGone = true;
        for (const answer of this.#waiting.splice(0)) answer(GUARD_ENDED);
        resolve();
        if (this.#ending) return;
        for (const pid of this.#brokerPids.values()) killIfAlive(pid);
        events.guardDied();
      });
    });
  }

  async startBroker(name: string, broker: BrokerOrder, port: number): Promise<StartedBroker> {
    const report = await this.#ask({ kind: 'start-broker', name, broker, port });
    if (report.kind === 'broker-started') {
      if (report.pid !== undefined) this.#brokerPids.set(name, report.pid);
      return report;
    }
    const { code, detail } = report.kind === 'broker-failed' ? report : { code: '', detail: report.kind };
    throw new CausewayError(isStartFailure(code) ? code : 'transport-failed', detail);
  }

  async stopBroker(name: string): Promise<void> {
    await this.#ask({ kind: 'stop-broker', name });
    this.#brokerPids.delete(name);
  }

  undoAtEnd(command: Command): void {
    this.#undoing.unshift(command);
    this.#tell({ kind: 'undo', command });
  }

  watch(pid: number): void {
    this.#tell({ kind: 'watch', pid });
  }

  unwatch(pid: number): void {
    this.#tell({ kind: 'unwatch', pid });
  }

  async end(): Promise<void> {
    const wasKilled = this.#isGone;
    this.#ending = true;
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
    // The guard has done the rest, unless it was killed.
    if (wasKilled) await runUndoing(this.#undoing);
    if (this.#temporaryFolder !== undefined) rmSync(this.#temporaryFolder, { recursive: true, force: true });
  }

  #ask(order: GuardOrder): Promise<GuardReport> {
    if (this.#isGone) return Promise.resolve(GUARD_ENDED);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tell(order);
    });
  }

  #tell(order: GuardOrder): void {
    // A guard that has died is reported by its exit; a failed send would say the same a second time.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }
}

const GUARD_ENDED: GuardReport = {
  kind: 'broker-failed',
  code: 'transport-failed',
  detail: 'the guard process ended',
};

function isStartFailure(code: string): code is 'port-in-use' | 'transport-failed' {
  return (code === 'port-in-use' || code === 'transport-failed') && Object.hasOwn(ERRORS, code);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already, which is what was wanted.
  }
}
