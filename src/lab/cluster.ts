/**
 * A whole cluster on this machine: one broker and N replica processes with fault injection on. Whoever starts a lab
 * stops it; if it is killed instead, everything it started ends by itself within a moment.
 */
import { CausewayError } from '../base/errors.js';
import type { ClusterId } from '../base/ids.js';
import { type BrokerChoice, type BrokerWishes, checkReachable, chooseBroker } from './broker-choice.js';
import { type Guard, type StartedBroker, startGuard } from './guard.js';
import { type LabFolder, openLabFolder } from './lab-folder.js';
import { leasePorts, type PortLease } from './port-lease.js';
import { waitUntilMutuallyVisible } from './readiness.js';
import { ReplicaProcess } from './replica-process.js';

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
  const lease = await leasePorts(options.replicas ?? DEFAULT_REPLICAS, options.basePort ?? DEFAULT_BASE_PORT);
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
    const replicas = makeReplicas(folder, lease, nats.url, guard, options, report);
    stopping.push(() => Promise.all(replicas.map((replica) => replica.stop())));
    await allOrFirstFailure(replicas.map((replica) => replica.start()));
    await waitUntilMutuallyVisible(replicas);
    return labOf({ folder, replicas, nats, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

function labOf(parts: {
  folder: LabFolder;
  replicas: readonly ReplicaProcess[];
  nats: LabNats;
  stop: Lab['stop'];
}): Lab {
  const { folder, replicas, nats, stop } = parts;
  return {
    cluster: folder.cluster,
    folder: folder.path,
    replicas,
    nats,
    stop,
    settled: () => waitUntilMutuallyVisible(replicas),
    replica(id) {
      const found = replicas.find((replica) => replica.id === id);
      if (found === undefined) throw new CausewayError('invalid-config', `the lab has no replica ${id}`);
      return found;
    },
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

function makeReplicas(
  folder: LabFolder,
  lease: PortLease,
  natsUrl: string,
  guard: Guard,
  options: LabOptions,
  report: (line: string) => void,
): readonly ReplicaProcess[] {
  const members = lease.ports.map((port, i) => ({ id: `r${i + 1}`, http: `127.0.0.1:${port}` }));
  const peers = members.map(({ id, http }) => `${id}=http://${http}`).join(',');
  const common = ['--cluster', folder.cluster, '--nats', natsUrl, '--peers', peers, '--enable-faults'];
  const level = options.logLevel === undefined ? [] : ['--log-level', options.logLevel];
  return members.map(({ id, http }) => {
    const own = ['--id', id, '--http', http, '--data', folder.dataOf(id)];
    const args = [...own, ...common, ...level, ...(options.serveArgs ?? [])];
    return new ReplicaProcess(
      { id, url: `http://${http}`, args, logFile: folder.logOf(id) },
      {
        started: (pid) => guard.watch(pid),
        ended: (pid, how, expected) => {
          guard.unwatch(pid);
          if (!expected) report(`replica ${id} ended (${how}); its log is ${folder.logOf(id)}`);
        },
      },
    );
  });
}

/** Waits for all, also when one fails, so that none is left half started. */
async function allOrFirstFailure(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
