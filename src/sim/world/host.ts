/**
 * A machine of the simulated cluster: a disk, a clock that may be wrong, and one process at a time, which is the production
 * replica over simulated ports.
 */
import { CausewayError } from '../../base/errors.js';
import type { ClusterId, ReplicaId } from '../../base/ids.js';
import type { Trace } from '../../ports/trace.js';
import type { Replica } from '../../replica/handle.js';
import type { Member } from '../../replica/membership/member-table.js';
import { openReplica } from '../../replica/open-replica.js';
import type { RaftTuning } from '../../replica/order/raft-options.js';
import type { SimRandom } from '../random.js';
import { SimDisk } from './disk.js';
import type { SimNetwork } from './network.js';
import { type ClockError, ProcessClock } from './process-clock.js';
import { type FlushFate, SimStorage } from './storage.js';
import type { VirtualClock } from './virtual-clock.js';

export interface HostOptions {
  readonly id: ReplicaId;
  readonly cluster: ClusterId;
  /** Configured at every start. */
  readonly members: readonly Member[];
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly random: SimRandom;
  readonly clockError: ClockError;
  readonly tuning: Partial<RaftTuning>;
  readonly flushFate: (host: SimHost) => FlushFate;
  readonly trace: Trace;
  /** A disk comes into use. */
  readonly onDisk: (disk: SimDisk) => void;
  /** The process has ended itself, for a reason that its own code knows or does not. */
  readonly onEnded: (error: unknown) => void;
}

/** One run of the replica. */
interface Process {
  readonly clock: ProcessClock;
  readonly storage: SimStorage;
  readonly disconnect: () => void;
  replica: Replica | undefined;
  /** Who waits for its answers. */
  readonly callers: Set<() => void>;
}

/** No answer will come; `wasSent` tells whether the request may have been carried out. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly wasSent: boolean;

  constructor(wasSent: boolean) {
    super(wasSent ? 'the connection broke' : 'nobody listens');
    this.wasSent = wasSent;
  }
}

export class SimHost {
  readonly id: ReplicaId;
  readonly #options: HostOptions;
  #disk!: SimDisk;
  #process: Process | undefined;
  /** How much longer flushes take, and whether the next one fails. */
  diskSlowdown = 1;
  diskFails = false;
  /** Its cluster has removed it: this disk is of no more use. */
  isRemoved = false;

  constructor(options: HostOptions) {
    this.id = options.id;
    this.#options = options;
    this.wipe();
  }

  get disk(): SimDisk {
    return this.#disk;
  }

  /** Undefined while it is down or starting. */
  get replica(): Replica | undefined {
    return this.#process?.replica;
  }

  get isDown(): boolean {
    return this.#process === undefined;
  }

  get isPaused(): boolean {
    return this.#process?.clock.isPaused ?? false;
  }

  get clockError(): ClockError {
    return this.#options.clockError;
  }

  /** Another disk, with nothing on it. The process is down. */
  wipe(): void {
    this.#use(new SimDisk());
  }

  /** The process is gone, and an older copy of its disk is in the place of the disk. */
  putBack(copy: SimDisk): void {
    // What was not durable is not so now: the disk on which it might have become durable is gone too.
    this.#disk.onDurable = () => {};
    this.crash();
    this.#use(copy);
  }

  #use(disk: SimDisk): void {
    this.#disk = disk;
    this.isRemoved = false;
    this.#options.onDisk(disk);
  }

  /** Start the process; it takes requests when enough time has passed. */
  launch(): void {
    const { network, id, clock, clockError } = this.#options;
    const processClock = new ProcessClock(clock, clockError, (error) => this.#ended(process, error));
    const transport = network.connect(id, processClock);
    const process: Process = {
      clock: processClock,
      storage: this.#openStorage(processClock),
      disconnect: () => void transport.close(),
      replica: undefined,
      callers: new Set(),
    };
    this.#process = process;
    openReplica({
      ...this.#options,
      url: `http://${id}`,
      storage: process.storage,
      transport,
      time: processClock,
      enableFaults: false,
      onFatal: (error) => this.#ended(process, error),
    }).then(
      (replica) => {
        process.replica = replica;
      },
      (error: unknown) => this.#ended(process, error),
    );
  }

  /** The process is gone at this moment, whatever it was about to do. */
  crash(): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    process.clock.kill();
    process.disconnect();
    process.storage.crash();
    for (const hangUp of process.callers) hangUp();
  }

  pause(): void {
    this.#process?.clock.pause();
  }

  resume(): void {
    this.#process?.clock.resume();
  }

  /** The process ends in order, or not if it is only starting. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process?.replica === undefined) {
      this.crash();
      return;
    }
    const { replica } = process;
    await replica.drain();
    if (this.#process !== process) return;
    await replica.close();
    if (this.#process === process) this.crash();
  }

  /** Hand a request to the process. @throws NoAnswer */
  request<T>(ask: (replica: Replica) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const process = this.#process;
      if (process?.replica === undefined) {
        reject(new NoAnswer(false));
        return;
      }
      const { replica } = process;
      const hangUp = () => reject(new NoAnswer(true));
      process.callers.add(hangUp);
      process.clock.run(() => {
        ask(replica)
          .finally(() => process.callers.delete(hangUp))
          .then(resolve, reject);
      });
    });
  }

  #openStorage(processClock: ProcessClock): SimStorage {
    const { flushFate, random } = this.#options;
    return new SimStorage({
      disk: this.#disk,
      after: (delayMs, task) => void processClock.after(delayMs, task),
      fate: () => flushFate(this),
      survivors: (pending) => random.int(pending + 1),
    });
  }

  #ended(process: Process, error: unknown): void {
    if (this.#process !== process) return;
    this.crash();
    if (error instanceof CausewayError && error.code === 'replica-removed') this.isRemoved = true;
    this.#options.onEnded(error);
  }
}
