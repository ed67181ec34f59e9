/** `GET /v1/replica` and `GET /v1/cluster`: what this replica knows of itself and of the others. */
import { formatHlc } from '../../clocks/hybrid-logical-clock.js';
import type { MemberView, PeerView } from '../../replica/handle.js';
import type { MembershipView } from '../../replica/ordered-handle.js';
import type { ClusterMember, ClusterReport, PeerStatus, ReplicaReport } from '../cluster-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { jsonAnswer } from '../json.js';
import { Query } from '../query.js';
import { queryText } from '../request-target.js';

/** A voter follows the leader. */
const ROLES = { leader: 'leader', voter: 'follower', observer: 'observer' } as const;

export function getReplica(exchange: Exchange): Answer {
  Query.parse(queryText(exchange.request.originalUrl), []);
  const { replica } = exchange.service;
  const status = replica.status();
  const report: ReplicaReport = {
    ...status,
    vector: status.vector.toJSON(),
    stable: status.stable.toJSON(),
    hlc: formatHlc(status.hlc),
    peers: status.peers.map(peerStatus),
    faultsEnabled: replica.faults !== undefined,
  };
  return jsonAnswer(report);
}

export function getCluster(exchange: Exchange): Answer {
  Query.parse(queryText(exchange.request.originalUrl), []);
  const { replica } = exchange.service;
  const membership = replica.ordered?.membership();
  const { peers, logIndex, commitIndex, appliedIndex } = replica.status();
  const log = membership === undefined ? {} : { logIndex, commitIndex, appliedIndex };
  const report: ClusterReport = {
    clusterId: replica.clusterId,
    replica: replica.id,
    ...(membership && { leader: membership.leader, term: membership.term }),
    members: replica.members().map((member) => ({
      ...clusterMember(member, membership),
      ...(member.id === replica.id ? log : lagOf(peers.find(({ id }) => id === member.id))),
    })),
  };
  return jsonAnswer(report);
}

function peerStatus(peer: PeerView): PeerStatus {
  return { ...peer, lastContactMs: peer.lastContactMs ?? null, url: peer.url ?? null };
}

function lagOf(peer: PeerView | undefined): Pick<ClusterMember, 'lagOps' | 'lagMs' | 'lastContactMs'> {
  if (peer?.lastContactMs === undefined) return {};
  const { lagOps, lagMs, lastContactMs } = peer;
  return { lagOps, lagMs, lastContactMs };
}

function clusterMember(member: MemberView, membership: MembershipView | undefined): ClusterMember {
  const { id, url, reachable, status } = member;
  const role = membership?.members.find((candidate) => candidate.id === id)?.role;
  const known: ClusterMember = { id, url: url ?? null, reachable, ...(role && { role: ROLES[role] }) };
  if (status === undefined) return known;
  return { ...known, ...status, vector: status.vector.toJSON(), hlc: formatHlc(status.hlc) };
}
