/**
 * A whole cluster on this machine: brokers and N replica processes with fault injection on. Whoever starts a lab
 * stops it; if it is killed instead, everything it started ends by itself within a moment.
 */
import { CausewayError } from '../base/errors.js';
import type { ClusterId } from '../base/ids.js';
import { type BrokerChoice, type BrokerWishes, checkReachable, chooseBroker } from './broker-choice.js';
import { Fleet } from './fleet.js';
import { type Guard, startGuard } from './guard.js';
import { type LabFolder, openLabFolder } from './lab-folder.js';
import { waitUntilMutuallyVisible } from './readiness.js';
import type { ReplicaProcess } from './replica-process.js';
import { namespaceSurroundings } from './sites/namespaces.js';
import { routedSurroundings } from './sites/routed.js';
import { sharedSurroundings } from './sites/shared.js';
import type { LabNats, LabNetwork, NetworkKind, Surroundings } from './sites/site.js';

export interface LabOptions extends BrokerWishes {
  readonly replicas?: number;
  /** Defaults to `shared`. */
  readonly network?: NetworkKind;
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

export interface Lab {
  readonly cluster: ClusterId;
  readonly folder: string;
  readonly replicas: readonly ReplicaProcess[];
  readonly nats: LabNats;
  /** Between the brokers; undefined if there is only one. */
  readonly network: LabNetwork | undefined;
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
  const folder = openLabFolder(options.dataFolder);
  const report = options.report ?? ((): void => undefined);
  const guard = startGuard(folder.temporary ? folder.path : undefined, {
    brokerDied: (lastLine) => report(`the NATS server ended: ${lastLine}`),
    guardDied: () => report('the guard of this lab was killed, and the NATS server with it'),
  });
  const stopping: (() => Promise<unknown>)[] = [() => guard.end()];
  const stop = async (): Promise<void> => {
    for (const task of stopping.splice(0).reverse()) await task();
  };
  try {
    const surroundings = await openSurroundings(choice, guard, options);
    stopping.push(() => surroundings.close());
    const fleet = new Fleet({ folder, surroundings, guard, options, report });
    stopping.push(() => fleet.stop());
    await fleet.start(options.replicas ?? DEFAULT_REPLICAS);
    return labOf({ folder, fleet, surroundings, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

function openSurroundings(
  choice: BrokerChoice,
  guard: Guard,
  { network = 'shared', basePort = DEFAULT_BASE_PORT }: LabOptions,
): Promise<Surroundings> {
  switch (network) {
    case 'shared':
      return sharedSurroundings(choice, guard, basePort);
    case 'routed':
      return routedSurroundings(choice, guard, basePort);
    case 'namespaces':
      return namespaceSurroundings(choice, guard);
  }
}

function labOf(parts: { folder: LabFolder; fleet: Fleet; surroundings: Surroundings; stop: Lab['stop'] }): Lab {
  const { folder, fleet, surroundings, stop } = parts;
  return {
    cluster: folder.cluster,
    folder: folder.path,
    get replicas() {
      return fleet.replicas;
    },
    nats: surroundings.nats,
    network: surroundings.network,
    stop,
    settled: () => waitUntilMutuallyVisible(fleet.replicas),
    replica: (id) => fleet.replica(id),
    addReplica: () => fleet.add(),
    dropReplica: (id) => fleet.drop(id),
  };
}
