/**
 * What a replica offers to whoever serves it: the HTTP app, an embedding program, the simulator. Requests here are
 * already validated values; failures are `CausewayError`s from the registry.
 */
import type { ClusterId, Origin, ReplicaId } from '../base/ids.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Version } from '../keyspace/version.js';
import type { FaultControl } from './faults/fault-control.js';

/** The levels that are answered without the log. */
export type WeakLevel = 'eventual' | 'causal';
export type Durability = 'local' | 'majority' | 'all';

/** What every request says of its consistency. */
export interface RequestContext {
  readonly level: WeakLevel;
  readonly timeoutMs: number;
  /** What the `Causal-Token` names; EMPTY without one. Eventual requests do not wait for it. */
  readonly token: VersionVector;
  /** The caller went away: stop waiting. What was already issued stays. */
  readonly signal?: AbortSignal;
}

/** Milliseconds spent, for `Server-Timing`. */
export interface Timing {
  readonly waitMs: number;
  readonly storeMs: number;
}

/** A key as one view shows it: the arbitration winner first; a winning tombstone means the key is absent. */
export interface KeyState {
  readonly key: string;
  /** Winner first, siblings after it in arbitration order; empty if nothing is known of the key. */
  readonly versions: readonly Version[];
}

export interface ReadResult {
  readonly state: KeyState;
  /** Request token joined with the returned version's dot and deps. */
  readonly token: VersionVector;
  readonly timing: Timing;
}

export interface MultiReadResult {
  readonly states: readonly KeyState[];
  readonly token: VersionVector;
  readonly timing: Timing;
}

export interface ListRequest {
  readonly prefix: string;
  /** Exclusive; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

export interface ListResult extends MultiReadResult {
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

export type WriteOp =
  | { readonly kind: 'put'; readonly key: string; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

export interface WriteRequest {
  /** One op, or the ops of a batch; keys are distinct. */
  readonly ops: readonly WriteOp[];
  readonly durability: Durability;
  readonly idempotencyKey?: string;
}

export interface WriteResult {
  /** Entity tag of what was written; every key of a batch has the same. */
  readonly etag: string;
  readonly hlc: Hlc;
  readonly durability: Durability;
  readonly token: VersionVector;
  /** True when this is the stored outcome of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
  readonly timing: Timing;
}

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
  readonly role: 'observer';
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
  read(key: string, context: RequestContext): Promise<ReadResult>;
  /** One storage snapshot: atomic groups are never seen in half. */
  readMany(keys: readonly string[], context: RequestContext): Promise<MultiReadResult>;
  list(request: ListRequest, context: RequestContext): Promise<ListResult>;
  write(request: WriteRequest, context: RequestContext): Promise<WriteResult>;
  status(): ReplicaStatus;
  members(): readonly MemberView[];
  readiness(level: WeakLevel): Readiness;
  metrics(): readonly MetricSample[];
  /** From now on new requests are refused with `shutting-down`; resolves when those in progress have ended. */
  drain(): Promise<void>;
  /** Says goodbye to the peers and releases storage and transport. */
  close(): Promise<void>;
}
