/**
 * What a replica offers to whoever serves it: the HTTP app, an embedding program, the simulator. Requests here are
 * already validated values; failures are `CausewayError`s from the registry.
 */
import type { ClusterId, Origin, ReplicaId } from '../base/ids.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { FaultControl } from './faults/fault-control.js';
import type { OrderedReplica } from './ordered-handle.js';
import type {
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  RequestContext,
  WeakLevel,
  WriteRequest,
  WriteResult,
} from './request-types.js';

export interface PeerView {
  readonly id: ReplicaId;
  readonly reachable: boolean;
  readonly lagOps: number;
  /** How long the oldest write the peer lacks has been delivered here; 0 if it lacks none. */
  readonly lagMs: number;
  /** Undefined if never heard from. */
  readonly lastContactMs: number | undefined;
  readonly url: string | undefined;
}

export interface ReplicaStatus {
  readonly id: ReplicaId;
  readonly incarnation: Origin;
  readonly clusterId: ClusterId;
  readonly role: 'leader' | 'follower' | 'candidate' | 'observer';
  readonly term: number;
  readonly leader: ReplicaId | null;
  readonly logIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly vector: VersionVector;
  readonly stable: VersionVector;
  readonly buffered: number;
  readonly hlc: Hlc;
  /** Live keys in the causal view. */
  readonly keys: number;
  readonly peers: readonly PeerView[];
  readonly transport: string;
  readonly transportConnected: boolean;
  readonly catchingUp: boolean;
  readonly url: string;
  readonly startedMs: number;
}

/** One member as far as this replica knows it. */
export interface MemberView {
  readonly id: ReplicaId;
  readonly url: string | undefined;
  readonly reachable: boolean;
  /** The member's own last word about itself; undefined if it was never heard. */
  readonly status: MemberStatus | undefined;
}

export interface MemberStatus {
  readonly incarnation: Origin;
  readonly vector: VersionVector;
  readonly buffered: number;
  readonly keys: number;
  readonly hlc: Hlc;
  readonly startedMs: number;
}

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** A counter or gauge of the replica, for `/metrics`. Names without the `causeway_` prefix. */
export interface MetricSample {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Replica {
  readonly id: ReplicaId;
  readonly clusterId: ClusterId;
  /** Undefined unless the replica was started with faults enabled. */
  readonly faults: FaultControl | undefined;
  /** Requests at `linearizable`; undefined if the replica runs without a consensus module. */
  readonly ordered: OrderedReplica | undefined;
  read(key: string, context: RequestContext): Promise<ReadResult>;
  /** What `read` would resolve to if it need not wait for anything, which is mostly so; otherwise undefined. */
  readNow(key: string, context: RequestContext): ReadResult | undefined;
  /** One storage snapshot: atomic groups are never seen in half. */
  readMany(keys: readonly string[], context: RequestContext): Promise<MultiReadResult>;
  list(request: ListRequest, context: RequestContext): Promise<ListResult>;
  write(request: WriteRequest, context: RequestContext): Promise<WriteResult>;
  status(): ReplicaStatus;
  members(): readonly MemberView[];
  readiness(level: WeakLevel | 'linearizable'): Readiness;
  metrics(): readonly MetricSample[];
  /** From now on new requests are refused with `shutting-down`; resolves when those in progress have ended. */
  drain(): Promise<void>;
  /** Says goodbye to the peers and releases storage and transport. */
  close(): Promise<void>;
}
