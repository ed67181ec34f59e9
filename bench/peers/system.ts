/** What a system that is measured has to tell: whether it is here, how to start three servers of it, how to talk to them. */
import type { Address } from '../load/client-socket.js';
import type { Operation } from '../load/operations.js';

/** What the load generator, another process, needs to know to be a client. */
export type ClientKind =
  | { readonly kind: 'causeway' }
  | { readonly kind: 'etcd' }
  | { readonly kind: 'zookeeper' }
  | { readonly kind: 'redis'; readonly waitFor: number }
  | { readonly kind: 'jetstream'; readonly bucket: string };

export type Presence =
  | { readonly kind: 'present'; readonly version: string }
  /** Why not, in one sentence. */
  | { readonly kind: 'missing'; readonly reason: string };

export interface RunningCluster {
  readonly client: ClientKind;
  /** Of the three servers; a client at any of them may read and, except with Redis, write. */
  readonly addresses: readonly Address[];
  /** Which of them takes writes, or orders them, at the moment. */
  leader(): Promise<number>;
  stop(): Promise<void>;
}

export interface MeasuredSystem {
  readonly name: string;
  /** Whether an acknowledged write would survive a power cut, as it is set up here. */
  readonly durability: 'fsync before acknowledgement' | 'fsync later' | 'nothing is kept';
  readonly operations: readonly Operation[];
  /** Only the primary takes writes: clients of a write are all there. */
  readonly writesAtLeaderOnly?: boolean;
  find(): Promise<Presence>;
  /** With fresh data below `folder`, an empty one, for values of `valueBytes`. Resolves when all three serve. */
  start(folder: string, valueBytes: number): Promise<RunningCluster>;
}

/** Servers of a system; all that are measured have as many. */
export const SERVERS = 3;
