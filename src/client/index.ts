/** The public entry `causeway/client`. */
export { Client, createClient, Session } from './client.js';
export {
  CausewayApiError,
  CausewayClientError,
  ConnectionError,
  FanOutError,
  type FanOutFailure,
  InvalidArgumentError,
  type Problem,
  ProtocolError,
  TimeoutError,
} from './errors.js';
export type { ActiveFault, FaultOptions, LinkRule, ReplicaFaults } from './faults.js';
export type { ClusterStatus, MemberStatus, PeerStatus, ReplicaStatus, Vector } from './status.js';
export { joinTokens } from './token.js';
export type * from './types.js';
