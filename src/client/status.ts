/** What replicas say about themselves and each other, as `/v1/replica` and `/v1/cluster` give it. */

/** Origin to counter. */
export type Vector = Readonly<Record<string, number>>;

export interface PeerStatus {
  readonly id: string;
  readonly reachable: boolean;
  /** Writes of the answering replica that the peer lacks. */
  readonly lagOps: number;
  readonly lagMs: number;
  readonly lastContactMs: number | null;
  readonly url: string | null;
}

export interface ReplicaStatus {
  readonly id: string;
  readonly incarnation: string;
  readonly clusterId: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'observer';
  readonly term: number;
  readonly leader: string | null;
  readonly logIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** What is delivered here. */
  readonly vector: Vector;
  /** What every member is known to have. */
  readonly stable: Vector;
  /** Received writes that wait for their causes. */
  readonly buffered: number;
  readonly hlc: string;
  readonly keys: number;
  readonly peers: readonly PeerStatus[];
  /** What carries the messages between replicas. */
  readonly transport: string;
  readonly transportConnected: boolean;
  /** A snapshot is being fetched: the replica was away for too long, or is new. */
  readonly catchingUp: boolean;
  readonly faultsEnabled: boolean;
  readonly url: string;
  /** When the replica started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** A member as far as the answering replica knows it; if it was never heard, only who it is. */
export interface MemberStatus {
  readonly id: string;
  readonly url: string | null;
  readonly reachable: boolean;
  readonly incarnation?: string;
  readonly vector?: Vector;
  readonly buffered?: number;
  readonly keys?: number;
  readonly hlc?: string;
  readonly startedMs?: number;
}

export interface ClusterStatus {
  readonly clusterId: string;
  /** Who answered. */
  readonly replica: string;
  readonly members: readonly MemberStatus[];
}
