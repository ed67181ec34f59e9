/** From the flags of `causeway serve` to a configuration that is known to be sound, before anything is opened. */
import { readFileSync } from 'node:fs';
import { parseNatsUrl } from '../adapters/nats-url.js';
import { type AuthTokens, parseAuthTokens } from '../api/auth.js';
import { CausewayError } from '../base/errors.js';
import { type ClusterId, parseClusterId, parseReplicaId, type ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { formatHttpUrl, type ListenAddress, type MemberAddress } from './parse/addresses.js';

export interface ServeFlags {
  readonly id: string;
  readonly http: ListenAddress;
  readonly nats?: string;
  readonly natsUrl?: string;
  readonly peers: readonly MemberAddress[];
  readonly data: string;
  readonly cluster: string;
  readonly enableFaults?: boolean;
  readonly authTokens?: string;
}

export interface ServeConfig {
  readonly id: ReplicaId;
  readonly cluster: ClusterId;
  readonly http: ListenAddress;
  /** All members, this replica included, in the order of their ids. */
  readonly members: readonly MemberAddress[];
  readonly natsServers: readonly string[];
  readonly dataFolder: string;
  readonly enableFaults: boolean;
  readonly authTokens: AuthTokens | undefined;
}

const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/** @throws CausewayError `invalid-config` */
export function serveConfig(flags: ServeFlags, env: Readonly<Record<string, string | undefined>>): ServeConfig {
  const id = parseReplicaId(flags.id);
  if (flags.data.trim() === '') throw new CausewayError('invalid-config', '--data names no folder');
  return {
    id,
    cluster: parseClusterId(flags.cluster),
    http: flags.http,
    members: membersOf(id, flags),
    natsServers: natsServersOf(flags, env),
    dataFolder: flags.data,
    enableFaults: flags.enableFaults === true,
    authTokens: flags.authTokens === undefined ? undefined : readAuthTokens(flags.authTokens),
  };
}

/** Where the peers tell clients to find this replica: as `--peers` says, else where it listens. */
export function ownUrl(config: ServeConfig): string {
  return config.members.find(({ id }) => id === config.id)?.url ?? formatHttpUrl(config.http);
}

function membersOf(id: ReplicaId, { peers, http }: ServeFlags): readonly MemberAddress[] {
  const isNamed = peers.some((peer) => peer.id === id);
  if (!isNamed && peers.length > 0 && ANY_ADDRESS.has(http.host)) {
    const detail = `${http.host} says nothing about how to reach ${id}: name it in --peers as well, as ${id}=http://host:port`;
    throw new CausewayError('invalid-config', detail);
  }
  const host = ANY_ADDRESS.has(http.host) ? '127.0.0.1' : http.host;
  const self = { id, url: formatHttpUrl({ ...http, host }) };
  const members = isNamed ? peers : [self, ...peers];
  const namesake = isNamed ? undefined : peers.find(({ url }) => url === self.url);
  if (namesake !== undefined) {
    throw new CausewayError(
      'invalid-config',
      `--peers says that ${namesake.id} is at ${self.url}, which is ${id} itself`,
    );
  }
  if (members.length > LIMITS.membersMax) {
    const detail = `a cluster has at most ${LIMITS.membersMax} members, and this one would have ${members.length}`;
    throw new CausewayError('invalid-config', detail);
  }
  return [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function natsServersOf(flags: ServeFlags, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { NATS_URL: fromEnvironment } = env;
  const given = flags.nats ?? flags.natsUrl ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  const servers = (given ?? DEFAULT_NATS_URL).split(',').map((server) => server.trim());
  for (const server of servers) parseNatsUrl(server);
  return servers;
}

function readAuthTokens(file: string): AuthTokens {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CausewayError('invalid-config', `the token file cannot be read: ${String(error)}`);
  }
  return parseAuthTokens(text, file);
}
