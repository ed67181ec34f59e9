/** What a replica says of itself and of the others when asked. */
import type { CausalDriver } from './causal/causal-driver.js';
import type { MemberView, PeerView, Readiness, ReplicaStatus } from './handle.js';
import type { LagSamples } from './lag-samples.js';
import type { MemberTable } from './membership/member-table.js';
import type { ConsensusPlane } from './order/consensus-plane.js';
import type { ReplicaOptions } from './replica-options.js';
import type { WeakLevel } from './request-types.js';

export interface StatusParts {
  readonly options: ReplicaOptions;
  readonly startedMs: number;
  readonly driver: CausalDriver;
  readonly members: MemberTable;
  readonly lag: LagSamples;
  readonly consensus: ConsensusPlane;
}

export function replicaStatus(parts: StatusParts): ReplicaStatus {
  const { options, driver } = parts;
  const { plane } = driver;
  const transport = options.transport.status();
  return {
    id: options.id,
    incarnation: driver.self,
    clusterId: options.cluster,
    ...parts.consensus.status(),
    vector: plane.durable,
    stable: plane.stable,
    buffered: plane.buffered,
    hlc: plane.hlc,
    keys: driver.liveKeys,
    peers: peerViews(parts),
    transport: transport.description,
    transportConnected: transport.connected,
    catchingUp: plane.installing,
    url: options.url,
    startedMs: parts.startedMs,
  };
}

/** Of a replica that takes requests. */
export function replicaReadiness(level: WeakLevel | 'linearizable', { driver, consensus }: StatusParts): Readiness {
  if (level !== 'eventual' && driver.plane.installing) return { ready: false, reason: 'installing a snapshot' };
  if (level === 'linearizable' && !consensus.hasLeader) {
    return { ready: false, reason: 'no leader of the total order is known' };
  }
  return { ready: true };
}

function peerViews(parts: StatusParts): PeerView[] {
  const now = parts.driver.now();
  return parts.driver.plane.peers(now).map((peer) => ({
    id: peer.replica,
    reachable: peer.reachable,
    lagOps: peer.lagOps,
    lagMs: parts.lag.lagMs(peer.vector, now.monotonicMs),
    lastContactMs: peer.lastContactMs === undefined ? undefined : Math.round(peer.lastContactMs),
    url: parts.members.url(peer.replica),
  }));
}

export function memberViews(parts: StatusParts): readonly MemberView[] {
  const { options, driver, members } = parts;
  const peers = driver.plane.peers(driver.now());
  return members.ids.map((id): MemberView => {
    if (id === options.id) return { id, url: options.url, reachable: true, status: ownStatus(parts) };
    const peer = peers.find((candidate) => candidate.replica === id);
    const heard = members.heard(id);
    const status =
      peer === undefined || heard === undefined
        ? undefined
        : {
            incarnation: heard.origin,
            vector: peer.vector,
            buffered: heard.hello.buffered,
            keys: heard.hello.keys,
            hlc: heard.hello.hlc,
            startedMs: heard.hello.startedMs,
          };
    return { id, url: members.url(id), reachable: peer?.reachable ?? false, status };
  });
}

function ownStatus({ driver, startedMs }: StatusParts): NonNullable<MemberView['status']> {
  return {
    incarnation: driver.self,
    vector: driver.plane.durable,
    buffered: driver.plane.buffered,
    keys: driver.liveKeys,
    hlc: driver.plane.hlc,
    startedMs,
  };
}
