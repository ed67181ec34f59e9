/**
 * The composition of a production replica: its core over LMDB, NATS and the system's clocks, served over HTTP. What is
 * opened here is closed here, in the opposite order, also when a later step fails.
 */
import type { FastifyInstance } from 'fastify';
import { openDataDirectory } from '../adapters/data-directory.js';
import { openLmdbStorage } from '../adapters/lmdb-storage.js';
import { connectNats } from '../adapters/nats-transport.js';
import { createSystemRandom } from '../adapters/system-random.js';
import { createSystemTime } from '../adapters/system-time.js';
import { buildApp } from '../api/app.js';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { tryListen } from '../lab/port-lease.js';
import type { Trace } from '../ports/trace.js';
import type { Replica } from '../replica/handle.js';
import { openReplica } from '../replica/open-replica.js';
import { formatHttpUrl, type ListenAddress } from './parse/addresses.js';
import { ownUrl, type ServeConfig } from './serve-config.js';

export interface RunningReplica {
  /** Where it listens. */
  readonly url: string;
  /** Finishes what is in progress, for a limited time, and releases everything. */
  close(): Promise<void>;
}

/** Undoes one step of the composition. */
type Undo = () => Promise<unknown>;

/**
 * The address with a real port, once it is known that it can be listened on. Asked before anything touches the data or
 * the cluster: the most common mistake is to start the same replica twice.
 * @throws CausewayError `port-in-use`, `invalid-config`
 */
export async function claimAddress(wanted: ListenAddress): Promise<ListenAddress> {
  const attempt = await tryListen(wanted.port, wanted.host);
  if (attempt.kind === 'refused') throw cannotListen(wanted, attempt.code);
  return { host: wanted.host, port: attempt.port };
}

/**
 * @param onFatal called when the process must end at once: storage failed, the id is taken, an invariant is broken
 * @throws CausewayError `port-in-use`, `data-dir-*`, `replica-id-taken`, `invalid-config`
 */
export async function composeReplica(
  config: ServeConfig,
  trace: Trace,
  onFatal: (error: unknown) => void,
): Promise<RunningReplica> {
  const undo: Undo[] = [];
  try {
    const directory = await openDataDirectory(config.dataFolder);
    undo.push(() => directory.close());
    const replica = await openCore(config, directory.path, trace, onFatal, undo);
    const { authTokens } = config;
    const app = buildApp({
      replica,
      logger: trace,
      onBrokenInvariant: onFatal,
      ...(authTokens === undefined ? {} : { authTokens }),
    });
    undo.push(() => finish(app, replica));
    await listen(app, config.http);
    return { url: formatHttpUrl(config.http), close: () => undoAll(undo) };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function openCore(
  config: ServeConfig,
  directory: string,
  trace: Trace,
  onFatal: (error: unknown) => void,
  undo: Undo[],
): Promise<Replica> {
  const { id, cluster, members, enableFaults, natsServers } = config;
  const storage = await openLmdbStorage({ directory });
  const transport = await connectNats({ servers: natsServers, cluster, self: id, trace });
  const releasePorts: Undo = () => Promise.all([transport.close(), storage.close()]);
  undo.push(releasePorts);
  const replica = await openReplica({
    id,
    cluster,
    url: ownUrl(config),
    members,
    storage,
    transport,
    time: createSystemTime(),
    random: createSystemRandom(),
    trace,
    enableFaults,
    onFatal,
  });
  // From here on the replica owns storage and transport.
  undo.splice(undo.indexOf(releasePorts), 1, () => replica.close());
  return replica;
}

async function listen(app: FastifyInstance, address: ListenAddress): Promise<void> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (error) {
    throw error instanceof Error && 'code' in error ? cannotListen(address, String(error.code)) : error;
  }
}

/** Requests in progress may end; new ones are refused. What has not ended in time is cut off. */
async function finish(app: FastifyInstance, replica: Replica): Promise<void> {
  const ended = replica.drain().then(() => app.close());
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LIMITS.drainMaxMs);
  });
  await Promise.race([ended, deadline]);
  clearTimeout(timer);
  app.server.closeAllConnections();
}

async function undoAll(undo: Undo[]): Promise<void> {
  for (const task of undo.splice(0).reverse()) await task();
}

function cannotListen({ host, port }: ListenAddress, code: string): CausewayError {
  if (code === 'EADDRINUSE') return new CausewayError('port-in-use', `another process listens on ${host}:${port}`);
  return new CausewayError('invalid-config', `this machine cannot listen on ${host}:${port} (${code})`);
}
