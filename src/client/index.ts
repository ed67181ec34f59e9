/** The public entry `causeway/client`. */
export { CausewayApiError, isRefusal, type Problem } from './api-error.js';
export type { ClaimReceipt, ClaimResult } from './claims.js';
export { Client, createClient, Session } from './client.js';
export type { Constraint, ConstraintResult } from './constraints.js';
export type { Leadership } from './elections.js';
export {
  CausewayClientError,
  ConnectionError,
  FanOutError,
  type FanOutFailure,
  InvalidArgumentError,
  LeaseLostError,
  ProtocolError,
  TimeoutError,
} from './errors.js';
export type { ActiveFault, FaultOptions, LinkRule, ReplicaFaults } from './faults.js';
export type { LeaseOptions, LeaseResult, LeaseState } from './lease-requests.js';
export type { Lock } from './locks.js';
export type { ConsensusMember, MemberOptions, Membership } from './members.js';
export type { LeaderChange, ObserveOptions } from './observation.js';
export type { SequenceValue } from './sequences.js';
export type { ClusterStatus, MemberStatus, PeerStatus, ReplicaStatus, Vector } from './status.js';
export { joinTokens } from './token.js';
export type * from './txn-types.js';
export type * from './types.js';
