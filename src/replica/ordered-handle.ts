/**
 * What a replica offers at `linearizable`: everything that needs the total order. Requests are validated values; failures
 * are `CausewayError`s. `no-quorum` means not applied, `outcome-unknown` is the only "maybe".
 */
import type { ReplicaId } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { CoordinationAnswer } from '../coordination/answer.js';
import type { CoordinationCommand } from '../coordination/command.js';
import type { LockSpace } from '../coordination/state-keys.js';
import type { Check, TxnOp } from '../keyspace/ordered/command.js';
import type { Condition } from '../keyspace/ordered/condition.js';
import type { Fence } from '../keyspace/ordered/coordinator.js';
import type { OpResult } from '../keyspace/ordered/outcome.js';
import type {
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  RequestContext,
  Timing,
  WriteOp,
  WriteResult,
} from './request-types.js';

/** A request at `linearizable`. */
export type OrderedContext = Omit<RequestContext, 'level'>;

export interface OrderedWriteRequest {
  /** One op, or the ops of a batch; keys are distinct. */
  readonly ops: readonly WriteOp[];
  /** Of a single op. */
  readonly condition?: Condition;
  readonly fences?: readonly Fence[];
  readonly idempotencyKey?: string;
}

export interface OrderedWriteResult extends WriteResult {
  /** The key of a single op showed no value before. */
  readonly created: boolean;
}

export interface TxnRequest {
  readonly checks: readonly Check[];
  readonly onSuccess: readonly TxnOp[];
  readonly onFailure: readonly TxnOp[];
  readonly fences?: readonly Fence[];
  readonly idempotencyKey?: string;
}

export interface TxnResult {
  readonly succeeded: boolean;
  /** In the order of the branch's operations. What was written bears `etag`. */
  readonly results: readonly OpResult[];
  readonly etag: string;
  readonly token: VersionVector;
  readonly replayed: boolean;
  readonly timing: Timing;
}

export interface CoordinateRequest {
  /** Never `expire` or `abandon`: those are housekeeping. An acquire with `waitMs` resolves when the lock is held. */
  readonly command: Exclude<CoordinationCommand, { readonly kind: 'expire' | 'abandon' }>;
  readonly idempotencyKey?: string;
}

export interface CoordinateResult {
  readonly answer: CoordinationAnswer;
  readonly token: VersionVector;
  readonly replayed: boolean;
  readonly timing: Timing;
}

export type ObjectName =
  | { readonly kind: 'sequence'; readonly name: string }
  | { readonly kind: 'claim'; readonly namespace: string; readonly value: string }
  | { readonly kind: 'constraint'; readonly name: string }
  | { readonly kind: 'lock'; readonly space: LockSpace; readonly name: string };

/** What an object is; `undefined` where there is none. */
export type ObjectState =
  | { readonly kind: 'sequence'; readonly value: number }
  | { readonly kind: 'claim'; readonly claim: { readonly owner: string } | undefined }
  | {
      readonly kind: 'constraint';
      readonly constraint: { readonly prefix: string; readonly field: string } | undefined;
    }
  | { readonly kind: 'lock'; readonly lock: LockView | undefined };

export interface LockView {
  readonly owner: string;
  /** Fencing token, or term. */
  readonly token: number;
  readonly ttlMs: number;
  /** As far as this replica's own clock can tell. */
  readonly remainingMs: number;
  /** Owners in the order in which they will have it. */
  readonly waiting: readonly string[];
}

export interface ObjectResult {
  readonly state: ObjectState;
  readonly token: VersionVector;
  readonly timing: Timing;
}

export interface ConsensusMember {
  readonly id: ReplicaId;
  readonly incarnation: string;
  readonly role: 'leader' | 'voter' | 'observer';
}

export interface MembershipView {
  readonly leader: ReplicaId | null;
  readonly term: number;
  readonly members: readonly ConsensusMember[];
  /** A change is under way. */
  readonly changing: boolean;
}

export type MembershipChange =
  /** A running replica that said hello becomes an observer. */
  | { readonly kind: 'add'; readonly id: ReplicaId }
  /** An observer that has caught up becomes a voter. */
  | { readonly kind: 'promote'; readonly id: ReplicaId }
  | { readonly kind: 'remove'; readonly id: ReplicaId }
  /** Hand the leadership to this voter. */
  | { readonly kind: 'transfer'; readonly id: ReplicaId };

export interface OrderedReplica {
  read(key: string, context: OrderedContext): Promise<ReadResult>;
  readMany(keys: readonly string[], context: OrderedContext): Promise<MultiReadResult>;
  list(request: ListRequest, context: OrderedContext): Promise<ListResult>;
  write(request: OrderedWriteRequest, context: OrderedContext): Promise<OrderedWriteResult>;
  txn(request: TxnRequest, context: OrderedContext): Promise<TxnResult>;
  /** @throws CausewayError besides: what the objects decide (`already-claimed`, `lock-held`, `fenced`, ...) */
  coordinate(request: CoordinateRequest, context: OrderedContext): Promise<CoordinateResult>;
  /** At any level: a weaker one answers from what this replica has applied. */
  object(
    name: ObjectName,
    context: RequestContext | (OrderedContext & { readonly level: 'linearizable' }),
  ): Promise<ObjectResult>;
  /** Called now and at every change of the lock as this replica applies it, until the signal aborts. */
  observe(space: LockSpace, name: string, listener: (lock: LockView | undefined) => void, signal: AbortSignal): void;
  membership(): MembershipView;
  /** Resolves when the change is committed; a request at any replica is carried out by the leader. */
  changeMembership(change: MembershipChange, context: OrderedContext): Promise<MembershipView>;
}
