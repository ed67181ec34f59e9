/**
 * A whole cluster on this machine: one broker and N replica processes with fault injection on. Whoever starts a lab
 * stops it; if it is killed instead, everything it started ends by itself within a moment.
 */
import { CausewayError } from '../base/errors.js';
import type { ClusterId } from '../base/ids.js';
import { type BrokerChoice, type BrokerWishes, checkReachable, chooseBroker } from './broker-choice.js';
import { Fleet } from './fleet.js';
import { type Guard, type StartedBroker, startGuard } from './guard.js';
import { type LabFolder, openLabFolder } from './lab-folder.js';
import { leasePorts } from './port-lease.js';
import { waitUntilMutuallyVisible } from './readiness.js';
import type { ReplicaProcess } from './replica-process.js';

export interface LabOptions extends BrokerWishes {
  readonly replicas?: number;
  /** HTTP ports are the free ones from here upwards. */
  readonly basePort?: number;
  /** Where to keep the data; a temporary folder otherwise. */
  readonly dataFolder?: string;
  readonly logLevel?: string;
  /** More arguments for every `causeway serve`. */
  readonly serveArgs?: readonly string[];
  /** Told what happens without having been asked for: a replica or the broker ended. */
  readonly report?: (line: string) => void;
}

export interface LabNats {
  readonly url: string;
  readonly choice: BrokerChoice;
  /** As if the server had crashed. @throws CausewayError if it is not the lab's own. */
  stop(): Promise<void>;
  /** On the same port as before. */
  start(): Promise<void>;
}

export interface Lab {
  readonly cluster: ClusterId;
  readonly folder: string;
  readonly replicas: readonly ReplicaProcess[];
  readonly nats: LabNats;
  /** @throws CausewayError `invalid-config` if there is none of this name. */
  replica(id: string): ReplicaProcess;
  /** Waits until every replica serves all levels and sees all others. */
  settled(): Promise<void>;
  /**
   * One more process, under the next free name. It takes part in nothing before somebody makes it a member; resolves
   * when it answers requests at all.
   */
  addReplica(): Promise<ReplicaProcess>;
  /** Ends the process and forgets it, when it has been made a member no more. Its data stays. */
  dropReplica(id: string): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_REPLICAS = 3;
const DEFAULT_BASE_PORT = 7101;
/** Another program may take a port between our look and the replica's bind. */
const ATTEMPTS = 3;

/** Resolves when every replica serves all levels and sees all others. @throws CausewayError that says what does not start. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const choice = await chooseBroker(process.env, options);
  await checkReachable(choice);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(choice, options);
    } catch (error) {
      const raced = error instanceof CausewayError && error.code === 'port-in-use';
      if (!raced || attempt === ATTEMPTS) throw error;
    }
  }
}

async function launch(choice: BrokerChoice, options: LabOptions): Promise<Lab> {
  const basePort = options.basePort ?? DEFAULT_BASE_PORT;
  const lease = await leasePorts(options.replicas ?? DEFAULT_REPLICAS, basePort);
  const folder = openLabFolder(options.dataFolder);
  const report = options.report ?? ((): void => undefined);
  const guard = startGuard(folder.temporary ? folder.path : undefined, {
    brokerDied: (lastLine) => report(`the NATS server ended: ${lastLine}`),
    guardDied: () => report('the guard of this lab was killed, and the NATS server with it'),
  });
  const stopping: (() => Promise<unknown>)[] = [async () => lease.release(), () => guard.end()];
  const stop = async (): Promise<void> => {
    for (const task of stopping.splice(0).reverse()) await task();
  };
  try {
    const nats = await openNats(choice, guard);
    const fleet = new Fleet({ folder, natsUrl: nats.url, guard, options, report, basePort });
    stopping.push(() => fleet.stop());
    await fleet.start(lease.ports);
    return labOf({ folder, fleet, nats, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

function labOf(parts: { folder: LabFolder; fleet: Fleet; nats: LabNats; stop: Lab['stop'] }): Lab {
  const { folder, fleet, nats, stop } = parts;
  return {
    cluster: folder.cluster,
    folder: folder.path,
    get replicas() {
      return fleet.replicas;
    },
    nats,
    stop,
    settled: () => waitUntilMutuallyVisible(fleet.replicas),
    replica: (id) => fleet.replica(id),
    addReplica: () => fleet.add(),
    dropReplica: (id) => fleet.drop(id),
  };
}

async function openNats(choice: BrokerChoice, guard: Guard): Promise<LabNats> {
  if (choice.kind === 'external') {
    const refuse = async (): Promise<void> => {
      throw new CausewayError('invalid-config', `the NATS server at ${choice.url} is not this lab's to stop or start`);
    };
    return { url: choice.url, choice, stop: refuse, start: refuse };
  }
  const order = choice.kind === 'binary' ? choice : ({ kind: 'embedded' } as const);
  const { url, port }: StartedBroker = await guard.startBroker(order, 0);
  return {
    url,
    choice,
    stop: () => guard.stopBroker(),
    start: async () => void (await guard.startBroker(order, port)),
  };
}
