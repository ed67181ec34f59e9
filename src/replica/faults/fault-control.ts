/** Faults a user may inject, each with a time to live, as the HTTP API and the fault filter see them. */
import type { ReplicaId } from '../../base/ids.js';

/** Replicas of different groups cannot reach each other; a replica in no group is a group of its own. */
export interface PartitionFault {
  readonly kind: 'partition';
  readonly name: string;
  readonly groups: readonly (readonly ReplicaId[])[];
  readonly ttlMs: number;
}

/** What happens to messages on the directed link `from` -> `to`. */
export interface LinkFault {
  readonly kind: 'link';
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  /** Probability that a message is lost, 0 to 1. */
  readonly drop: number;
  readonly delayMs: number;
  /** A uniform extra delay, 0 to this; reorders. */
  readonly jitterMs: number;
  /** Probability that a message arrives twice, 0 to 1. */
  readonly duplicate: number;
  readonly ttlMs: number;
}

/** The replica's wall clock is off by this much. */
export interface ClockFault {
  readonly kind: 'clock';
  readonly skewMs: number;
  readonly ttlMs: number;
}

export type Fault = PartitionFault | LinkFault | ClockFault;

/** A fault in force; `remainingMs` until it heals by itself. */
export type ActiveFault = Fault & { readonly remainingMs: number };

export interface FaultControl {
  list(): readonly ActiveFault[];
  /** Install, or replace the one of the same name, link or clock. */
  put(fault: Fault): void;
  /** Each returns whether there was one. */
  removePartition(name: string): boolean;
  removeLink(from: ReplicaId, to: ReplicaId): boolean;
  removeClock(): boolean;
  clear(): void;
}
